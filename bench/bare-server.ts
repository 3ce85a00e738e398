import fastify from 'fastify';

const app = fastify();
app.get('/', async () => [{ id: '01a2050e-8528-745e-b990-50428a9f18d4', name: 'One', status: 'active' }]);
console.log(await app.listen({ host: '127.0.0.1', port: 0 }));
