-- Sets that belong together: partners of another type that are bought with a so much more often than chance that the
-- lift's lower 95 % bound still shows it. The count behind a lift is taken as Poisson, so its logarithm has a standard
-- error of one over the root of the count (Rothman, Greenland and Lash, "Modern Epidemiology", 3rd ed., ch. 14). The
-- surest lifts stay, one partner per type, so that a with its first two partners is a set of three types. The score is
-- the lift itself: how many times more often than chance.
with lifted as (
    select
        a,
        b,
        both_ab,
        both_ab / chance as lift,
        both_ab / chance * exp(-1.96 / sqrt(both_ab)) as sure_lift
    from pair_chances
    where distance > 0 and both_ab >= $bundle_support
),
typed as (
    select
        lifted.a, lifted.b, lift, sure_lift, both_ab,
        row_number() over (partition by lifted.a, item_state.leaf order by sure_lift desc, lifted.b) as place_of_type
    from lifted
    join item_state on item_state.n = lifted.b
    where sure_lift >= $bundle_lift
),
placed as (
    select
        a, b, lift, both_ab,
        row_number() over (partition by a order by sure_lift desc, b) as place
    from typed
    where place_of_type = 1
)
select a, b, least(lift, $max_lift) as score, both_ab as support from placed where place <= $bundle_neighbours
