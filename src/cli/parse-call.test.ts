import { expect, it } from 'vitest';
import { parseCall } from './parse-call.ts';

const called = async (line: string) => {
  const { command, values, positionals } = await parseCall(line.split(' '));
  return { name: command.name, values: { ...values }, positionals };
};

it('finds the command behind common options, also where a value is called as a command is', async () => {
  for (const line of ['--data up up', 'up --data up', '--data=up up']) {
    expect(await called(line)).toEqual({ name: 'up', values: { data: 'up' }, positionals: [] });
  }
  expect(await called('--json --data ./x migrate status')).toEqual({
    name: 'migrate status',
    values: { json: true, data: './x' },
    positionals: [],
  });
});

it('takes words behind the command for its arguments, the same as its name too', async () => {
  expect(await called('analyze analyze')).toMatchObject({ name: 'analyze', positionals: ['analyze'] });
});

it.each([
  ['', 'a command is needed'],
  ['--json', 'a command is needed'],
  ['flying', /^there is no command "flying"$/],
  ['analyse .', 'there is no command "analyse"; did you mean "analyze"?'],
  ['migrat up', 'did you mean "migrate"?'],
  ['--data', 'a command is needed'],
  ['migrate', 'plinth migrate what? up'],
  ['up --fast', "Unknown option '--fast'"],
  ['up --database-url=', '--database-url is empty'],
])('refuses "%s"', async (line, why) => {
  await expect(parseCall(line === '' ? [] : line.split(' '))).rejects.toThrow(why);
});

it('refuses a value that is empty, as a variable that is not set leaves it', async () => {
  await expect(parseCall(['up', '--database-url', ''])).rejects.toThrow('--database-url is empty');
});
