import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import '../app/console.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { actByToken } from '../api/request.ts';
import { Portal } from './portal.tsx';
import { takeToken } from './token.ts';

const root = document.getElementById('root');
if (!root) throw new Error('the page has no #root');
const token = takeToken();
// without one too: the page never acts as whoever is signed in to the console in this browser
actByToken(token ?? 'none');
createRoot(root).render(
  <StrictMode>
    <Portal hasToken={token !== undefined} />
  </StrictMode>,
);
