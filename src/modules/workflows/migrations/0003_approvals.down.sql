select plinth.unregister_function('cast_vote(uuid, uuid, text, text)');
select plinth.unregister_table('approval_votes');
select plinth.unregister_table('approvals');
