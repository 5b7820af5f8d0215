-- `maybe`: an attempt that ended may have reached the receiver all the same. `not_before`: 0 is at once.
ALTER TABLE outbox ADD COLUMN maybe INTEGER NOT NULL DEFAULT 0;
DROP INDEX waiting;
CREATE INDEX waiting ON outbox (channel) WHERE state IN ('pending', 'sending', 'unknown', 'deferred');
CREATE INDEX waiting_for ON outbox (channel, recipient, state, queued)
    WHERE state IN ('pending', 'sending', 'unknown', 'deferred');
