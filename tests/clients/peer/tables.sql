-- Tables in the shape of what the screens show, for 20,000 people: what a page reads, stored as it is read.
create table usr(id int primary key, masked_phone text, state text, message text);
create table score(user_id int primary key, id text, grade text, points int, base_points int, as_of text, model_version text, simulated bool, factors jsonb);
create table linked(id text primary key, user_id int, provider text, status text); create index on linked(user_id);
create table tier(code text primary key, name text, rank int);
create table member(user_id int primary key, tier_code text, since text, valid_until text, next_code text, missing_points int, missing_activity int, message text);
create table benefit(id text primary key, tier_code text, name text, segment text, remaining int, resets_at text); create index on benefit(tier_code);
create table partner(id text primary key, name text);
create table product(id int primary key, sku text, title text, kind text, partner_id text, amount_min text, amount_max text, term_months int[], annual_rate text);
create table application(position int primary key, partner_id text, product_id int, status text, amount text, term int, grade text, promised_by text, updated_at text, outcome text, reasons jsonb);
create index on application(partner_id, position); create index on application(promised_by, position) where status = 'IN_REVIEW';
create table match(user_id int, position int, product_id int, odds_band text, reasons jsonb, monthly text, amount text, term int, total text, annual text, primary key(user_id, position));
insert into tier select 'T'||i,'Tier '||i,i from generate_series(1,5) i;
insert into benefit select 'QmVuZWZpdDo'||i, 'T'||(1+i%5), '生日当月免费升级一次 '||i,'HOSPITALITY',3,'2026-12-01T00:00:00+00:00' from generate_series(1,60) i;
insert into partner select 'UGFydG5lcjo'||i, '龙眼示范伙伴'||i from generate_series(1,11) i;
insert into product select i,'sku-'||i,'合作门店电脑分期'||i,'ELECTRONICS','UGFydG5lcjo'||(1+i%11),'1000.00','50000.00','{3,6,12,24}','0.1200' from generate_series(1,82) i;
insert into usr select i,'+86 138****'||lpad(i::text,4,'0'),'READY','Your score is up to date.' from generate_series(1,20000) i;
insert into score select i,'U2NvcmU6'||i,'B',700,669,'2026-11-28T00:00:00+00:00','9fdd005fe10fe025',true,'[{"code":"IDENTITY","label":"Identity","effect":4},{"code":"HISTORY","label":"Repayment history","effect":50},{"code":"ABILITY","label":"Ability to pay","effect":30},{"code":"BEHAVIOUR","label":"Behaviour","effect":11},{"code":"RELATIONS","label":"Relationships","effect":0}]' from generate_series(1,20000) i;
insert into linked select 'TGlua2Vk'||i||'-'||k,i,case k when 1 then 'wechat' else 'taobao' end,'ACTIVE' from generate_series(1,20000) i, generate_series(1,2) k;
insert into member select i,'T'||(1+i%5),'2026-01-01','2027-01-01','T5',69,6,'Points still needed for the next tier: 69.' from generate_series(1,20000) i;
insert into match select i,k,1+(i+k)%82,'HIGH','[{"code":"OPEN","message":"It is open to every grade."},{"code":"SHARE","message":"It takes at most 10 % of what comes in each month."},{"code":"FREE","message":"It costs no interest."}]','174.90','2098.80',12,'2098.80','0.1212' from generate_series(1,20000) i, generate_series(0,19) k;
insert into application select i,'UGFydG5lcjo'||(1+i%11),1+i%82,case when i%20 = 0 then 'IN_REVIEW' else 'APPROVED' end,'1000.00',6,'B','2026-11-28T00:00:00+00:00','2026-11-28T00:00:00+00:00',case when i%20 = 0 then 'REFER' else 'APPROVE' end,'[{"code":"GRADE_TOO_LOW","message":"Your grade is below what this product asks for."}]' from generate_series(1,20000) i;
analyze;

