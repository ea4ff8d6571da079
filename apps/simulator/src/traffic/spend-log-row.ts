import type { Json } from '../world/rows.js';

/** A row of `LiteLLM_SpendLogs` with the columns of the newest version; times are milliseconds since the Unix epoch. */
export interface SpendLogRow {
  request_id: string;
  call_type: string;
  api_key: string;
  /** USD; may be NaN, which the column takes. */
  spend: number;
  total_tokens: number;
  prompt_tokens: number;
  completion_tokens: number;
  startTime: number;
  endTime: number;
  completionStartTime: number | null;
  model: string;
  model_id: string | null;
  model_group: string | null;
  custom_llm_provider: string | null;
  api_base: string | null;
  user: string | null;
  metadata: Json;
  cache_hit: string | null;
  cache_key: string | null;
  request_tags: Json;
  team_id: string | null;
  end_user: string | null;
  requester_ip_address: string | null;
  messages: Json;
  response: Json;
  proxy_server_request: Json;
  session_id: string | null;
  status: string | null;
  mcp_namespaced_tool_name: string | null;
  organization_id: string | null;
  agent_id: string | null;
  request_duration_ms: number | null;
  litellm_call_id: string | null;
}
