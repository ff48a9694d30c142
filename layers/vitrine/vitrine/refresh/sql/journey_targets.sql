-- Households that received a campaign's coupons.
select 'c' || campaign_id as campaign, 'h' || household_id as visitor from journey_targets_file
