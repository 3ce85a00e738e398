-- The two logins of the compose file. Copy it to secrets/init.sql and put passwords in. It runs once, with an empty
-- volume; `plinth migrate up` makes the roles and the schema.
create role plinth_migrator login createrole password 'CHANGE_ME';
create role plinth_server login noinherit password 'CHANGE_ME_TOO';
grant create on database plinth to plinth_migrator;
