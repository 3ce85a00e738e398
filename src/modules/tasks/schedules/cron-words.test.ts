import { expect, it } from 'vitest';
import { explainCron } from './cron-words.ts';

it.each([
  ['* * * * *', 'Every minute'],
  ['*/5 * * * *', 'Every 5 minutes'],
  ['*/7 * * * *', 'At minutes 0, 7, 14, 21, 28, 35, 42, 49 and 56 of every hour'],
  ['@hourly', 'Every hour'],
  ['15 * * * *', 'At minute 15 of every hour'],
  ['0,30 * * * *', 'Every 30 minutes'],
  ['10,40 * * * *', 'At minutes 10 and 40 of every hour'],
  ['0,10 8,12,16,20 * * *', 'At minutes 0 and 10 of the hours 8, 12, 16 and 20 every day'],
  ['@daily', 'At 00:00 every day'],
  ['30 2 * * *', 'At 02:30 every day'],
  ['0 9,17 * * *', 'At 09:00 and 17:00 every day'],
  ['0 */2 * * *', 'Every 2 hours'],
  ['5 */3 * * *', 'Every 3 hours, the first time at 00:05'],
  ['*/15 9-17 * * mon-fri', 'Every 15 minutes from 09:00 to 17:59 from Monday to Friday'],
  ['0 8-18 * * 1-5', 'Every hour from 08:00 to 18:00 from Monday to Friday'],
  ['0 9 * * 1,3', 'At 09:00 on Monday and Wednesday'],
  ['0 9 * * sat-sun', 'At 09:00 on Saturday and Sunday'],
  ['0 9 * * fri-sun', 'At 09:00 from Friday to Sunday'],
  ['0 0 1 * *', 'At 00:00 on day 1 of the month'],
  ['0 0 1,15 * *', 'At 00:00 on days 1 and 15 of the month'],
  ['0 0 l * *', 'At 00:00 on the last day of the month'],
  ['0 6 * * 1#2', 'At 06:00 on the second Monday of the month'],
  ['0 6 * * fril', 'At 06:00 on the last Friday of the month'],
  ['0 0 13 * 5', 'At 00:00 on day 13 of the month, or on Friday'],
  ['0 0 */10 * 5', 'At 00:00 on days 1, 11, 21 and 31 of the month, if that is Friday'],
  ['@yearly', 'At 00:00 on day 1 of the month in January'],
  ['0 7 * 3-10 *', 'At 07:00 every day from March to October'],
])('%s is said in words', (cron, words) => {
  expect(explainCron(cron)).toBe(words);
});

it('what is no expression is refused as everywhere', () => {
  expect(() => explainCron('61 * * * *')).toThrow(expect.objectContaining({ code: 'cron_invalid' }));
});
