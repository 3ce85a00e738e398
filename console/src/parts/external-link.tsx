import { Anchor, Button, Code, Group, Modal, Stack, Text } from '@mantine/core';
import { IconExternalLink } from '@tabler/icons-react';
import { createContext, type ReactNode, useContext, useState } from 'react';

const Ask = createContext<(url: URL) => void>(() => undefined);

/** Asks once for the whole console before a link leaves this server. */
export function LinkGuard({ children }: { children: ReactNode }) {
  const [url, setUrl] = useState<URL>();
  return (
    <Ask.Provider value={setUrl}>
      {children}
      <Modal opened={url !== undefined} onClose={() => setUrl(undefined)} title="Leave this console?">
        <Stack>
          <Text size="sm">This address came from outside. It leads to:</Text>
          <Code block style={{ overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' }}>
            {url?.href}
          </Code>
          <Group justify="flex-end">
            <Button variant="default" onClick={() => setUrl(undefined)} data-autofocus>
              Stay
            </Button>
            <Button
              onClick={() => {
                if (url) window.open(url.href, '_blank', 'noopener,noreferrer');
                setUrl(undefined);
              }}
            >
              Open {url?.host}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </Ask.Provider>
  );
}

/** A link to another site that asks first. What is no http(s) address stays text. */
export function ExternalLink({ href, children }: { href: string; children?: ReactNode }) {
  const ask = useContext(Ask);
  const url = URL.canParse(href) ? new URL(href) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) return <>{children ?? href}</>;
  return (
    <Anchor component="button" type="button" inherit onClick={() => ask(url)} ta="left">
      {children ?? href} <IconExternalLink size={13} aria-label="(leaves this console)" />
    </Anchor>
  );
}
