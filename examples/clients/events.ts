import { createClient, PlinthError, type Project } from 'plinth/client';

const { PLINTH_URL: url = 'http://127.0.0.1:4600', PLINTH_KEY: key } = process.env;
if (!key) throw new Error('set PLINTH_KEY: npx plinth demo leaves one in .env.plinth');
const client = createClient({ url, key });

async function projectOf(slug: string): Promise<Project> {
  const [known] = await client.table<Project>('projects').select({ slug: `eq.${slug}` });
  return known ?? (await client.projects.create({ name: 'Rockets', slug }));
}

async function* launches(count: number) {
  for (let n = 1; n <= count; n++) yield { type: 'rocket.launched', id: `ts-launch-${n}`, payload: { n } };
}

try {
  const project = await projectOf('rockets');
  console.log(`project ${project.slug}`);
  for (const round of ['first', 'again']) {
    const { stored, duplicates } = await client.events.sendAll(launches(100), { batch: 40 });
    console.log(`${round}: ${stored} stored, ${duplicates} known already`);
  }
} catch (error) {
  if (!(error instanceof PlinthError)) throw error;
  console.error(`${error.code}: ${error.message}. ${error.hint ?? ''}`);
  process.exitCode = 1;
}
