import type { Random } from '../random.js';
import type { Json } from '../world/rows.js';

type Weighted = readonly (readonly [
  weight: number,
  failure: readonly [errorClass: string, code: string, text: string],
])[];

const failures: Weighted = [
  [30, ['RateLimitError', '429', 'Rate limit reached for requests']],
  [15, ['AuthenticationError', '401', 'Invalid proxy server token passed']],
  [12, ['BudgetExceededError', '400', 'Budget has been exceeded! Current cost: 12.5, Max budget: 10.0']],
  [10, ['Timeout', '408', 'Request timed out after 600 seconds']],
  [10, ['BadRequestError', '400', "messages: text content blocks must be non-empty, got ''"]],
  [8, ['ContextWindowExceededError', '400', "This model's maximum context length is 128000 tokens"]],
  [6, ['InternalServerError', '500', 'upstream said: {"error": {"message": "overloaded"}}']],
  [5, ['ProxyException', '', 'No healthy deployment available, passed model=gpt-4o']],
  [2, ['', '', 'an error without a class']],
  [2, ['odd "class"\nname', '599', 'a class name that no program should have']],
];

const providers = ['openai', 'anthropic', 'azure', 'bedrock', ''];

/** Frames as Python prints them, between a handful and a hundred lines. */
function traceback(random: Random, errorClass: string, text: string): string {
  const frames = Array.from({ length: random.integer(3, 24) }, (_, index) => {
    const module = random.pick(['proxy/proxy_server', 'router', 'utils', 'llms/openai/openai', 'main']);
    return `  File "/app/litellm/${module}.py", line ${random.integer(10, 9_000)}, in step_${index}\n    response = await call(**kwargs)`;
  });
  return `Traceback (most recent call last):\n${frames.join('\n')}\n${errorClass}: ${text}\n`;
}

/** `metadata.error_information` of a failed request; now and then it lacks the class, or is empty. */
export function errorInformation(random: Random): Json {
  const [error_class, error_code, error_message] = random.weighted(failures);
  if (random.chance(0.03)) return {};
  return {
    error_code,
    error_class,
    llm_provider: random.pick(providers),
    traceback: traceback(random, error_class, error_message),
    error_message,
  };
}
