import type { Clock } from '../../../platform/core/clock.ts';
import { callLimits } from './limits.ts';

interface Circuit {
  failures: number;
  /** Until then nothing is sent; then one call tries. */
  openUntil: number;
  openMs: number;
  isTrying: boolean;
}

export interface Circuits {
  /** Whether a call may go over the connection now; one that tries an open circuit must tell how it went. */
  mayCall(connectionId: string): boolean;
  /** Milliseconds until the connection is tried again; 0: it is closed. */
  opensIn(connectionId: string): number;
  succeeded(connectionId: string): void;
  failed(connectionId: string): void;
  /** The call came to nothing that says anything about the provider. */
  undecided(connectionId: string): void;
}

/** A circuit for each connection, of this process: providers that fail again and again are left alone for a while. */
export function makeCircuits(clock: Clock): Circuits {
  const circuits = new Map<string, Circuit>();
  const now = () => clock.now().getTime();

  return {
    mayCall(id) {
      const circuit = circuits.get(id);
      if (!circuit || circuit.openUntil === 0) return true;
      if (circuit.openUntil > now() || circuit.isTrying) return false;
      circuit.isTrying = true;
      return true;
    },
    opensIn(id) {
      const circuit = circuits.get(id);
      if (!circuit || circuit.openUntil === 0) return 0;
      return Math.max(1, circuit.openUntil - now());
    },
    succeeded(id) {
      circuits.delete(id);
    },
    failed(id) {
      const known = circuits.get(id);
      const circuit = known ?? { failures: 0, openUntil: 0, openMs: callLimits.circuit_open_ms, isTrying: false };
      circuit.failures++;
      if (circuit.isTrying) circuit.openMs = Math.min(circuit.openMs * 2, callLimits.circuit_open_ms_max);
      if (circuit.isTrying || circuit.failures >= callLimits.circuit_failures)
        circuit.openUntil = now() + circuit.openMs;
      circuit.isTrying = false;
      if (known) return;
      if (circuits.size >= callLimits.circuits_max) circuits.delete(circuits.keys().next().value as string);
      circuits.set(id, circuit);
    },
    undecided(id) {
      const circuit = circuits.get(id);
      if (circuit) circuit.isTrying = false;
    },
  };
}
