select plinth.unregister_table('approval_votes');
select plinth.unregister_table('approvals');
