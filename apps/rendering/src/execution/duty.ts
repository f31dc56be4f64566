/** One of the duties of the process that leads, done again and again while it does. */
export interface Duty {
  /**
   * Does what is due. True when that made work that can be given out, so that the leader should look again at once.
   * @throws whatever the database says, `lease_lost` above all; the leader goes on with its next round
   */
  tick(fence: string): Promise<boolean>;
}
