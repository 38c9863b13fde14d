/**
 * Plans operations in threads beside this one, each with a deadline and a cap on its memory. A thread holds one
 * supergraph: a reload never waits behind plans nor plans behind a reload, and what a supergraph took goes with its
 * threads.
 */
import type { Overrides } from "./overrides.ts";
import { PlannerUnavailable, type QueryPlan } from "./plan.ts";
import { openPlanPool, type PlanPool, type PoolSettings } from "./planner-pool.ts";
import { startPlannerThread } from "./planner-thread.ts";

export type Planner = {
  /** Rejects, saying why, for a supergraph that cannot be used. */
  load(sdl: string): Promise<PlannedSupergraph>;
  /** Ends every thread; what waits is rejected with PlannerUnavailable. */
  close(): Promise<void>;
};

export type PlannedSupergraph = {
  /** What clients may ask, as federation derives it. */
  readonly apiSdl: string;
  /** Synthetic field name → the field's name in its subgraphs (planner-synthetics.ts). */
  readonly synthetics: ReadonlyMap<string, string>;
  /** Rejects QueryPlanningFailed | QueryPlanningTimeout | PlannerUnavailable; none holds text of the operation. */
  plan(operation: string, overrides?: Overrides): Promise<QueryPlan>;
  /** Ends its threads. For when nothing is asked of it any longer: what waits is rejected with PlannerUnavailable. */
  release(): void;
};

export type PlannerSettings = PoolSettings;

export function openPlanner(settings: PlannerSettings): Planner {
  // Started before there is a supergraph, so that its imports are done by then.
  let started: ReturnType<typeof startPlannerThread> | null = startPlannerThread(settings.heapMb);
  const pools = new Set<PlanPool>();
  let isClosed = false;
  return {
    async load(sdl) {
      if (isClosed) throw new PlannerUnavailable("the planner is closed");
      const pool = openPlanPool(sdl, settings, started ?? startPlannerThread(settings.heapMb));
      started = null;
      pools.add(pool);
      const release = () => {
        pools.delete(pool);
        return pool.close();
      };
      try {
        const { apiSdl, synthetics } = await pool.loaded;
        return { apiSdl, synthetics, plan: pool.plan, release: () => void release() };
      } catch (error) {
        await release();
        throw error;
      }
    },
    async close() {
      isClosed = true;
      await Promise.all([started?.end(), ...[...pools].map((pool) => pool.close())]);
    },
  };
}
