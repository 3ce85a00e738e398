import { Textarea } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useState } from 'react';
import { useChange } from '../../api/hooks.ts';
import { api } from '../../api/request.ts';
import { Confirm } from '../../parts/confirm.tsx';
import { PlainText } from '../../parts/plain-text.tsx';
import { type Approval, touchedByVotes } from './types.ts';

const comment_chars_max = 2_000;

interface CastVoteProps {
  readonly approval: Approval;
  readonly vote: 'approve' | 'reject';
  readonly onClose: () => void;
}

/** Asks once more: a vote is never taken back. */
export function CastVote({ approval: { id, title, quorum, votes, assignees }, vote, onClose }: CastVoteProps) {
  const [comment, setComment] = useState('');
  const cast = useChange(
    () =>
      api.post<Approval>(`/v1/approvals/${id}/votes`, {
        vote,
        ...(comment.trim() === '' ? {} : { comment: comment.trim() }),
      }),
    { touches: touchedByVotes },
  );
  const isApproval = vote === 'approve';
  const of = (what: string) => votes.filter((one) => one.vote === what).length;
  const decides = isApproval ? of('approve') + 1 >= quorum : assignees.length - of('reject') - 1 < quorum;
  return (
    <Confirm
      title={isApproval ? 'Approve?' : 'Reject?'}
      action={isApproval ? 'Approve' : 'Reject'}
      isDestructive={!isApproval}
      onConfirm={() => cast.mutateAsync(undefined).then(() => notifications.show({ message: 'Your vote is recorded' }))}
      onClose={onClose}
    >
      <strong>
        <PlainText text={title} chars={300} />
      </strong>
      <br />
      {decides ? 'Your vote decides: the workflow goes on with it at once.' : 'Others are asked too.'} A vote can not be
      changed or taken back, and stands in the audit log.
      <Textarea
        mt="sm"
        label="Comment"
        description="Kept with your vote"
        autosize
        minRows={2}
        maxRows={8}
        maxLength={comment_chars_max}
        data-autofocus
        value={comment}
        onChange={(event) => setComment(event.currentTarget.value)}
      />
    </Confirm>
  );
}
