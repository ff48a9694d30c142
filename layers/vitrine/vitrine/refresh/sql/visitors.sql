-- Visitors whom the store knows from its own systems, with their home region and what is known of them.
select visitor, region, crm from visitors_file
