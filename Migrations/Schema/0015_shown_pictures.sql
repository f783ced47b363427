-- Searches pass over hidden pictures. So one that is shown again is searched again, for what came meanwhile; and one that is
-- hidden is nobody's nearest neighbor any more.

create function likeness.search_shown_and_hidden_images() returns trigger language plpgsql as $$
begin
    delete from likeness.nearest_neighbors n using updated u join replaced r on r.id = u.id
    where n.nearest = u.id and u.state <> 'active' and r.state = 'active';
    insert into likeness.neighbor_searches (model, image)
    select e.model, e.image
    from updated u join replaced r on r.id = u.id join likeness.embeddings e on e.image = u.id
    where u.state = 'active' and r.state <> 'active'
    order by e.model, e.image on conflict do nothing;
    return null;
end $$;
comment on function likeness.search_shown_and_hidden_images() is
    'Trigger: the near-duplicates of pictures that are shown again are searched again, and those of pictures whose nearest neighbor was hidden.';
create trigger images_to_search_updated after update on likeness.images
    referencing old table as replaced new table as updated for each statement
    execute function likeness.search_shown_and_hidden_images();

comment on table likeness.near_duplicate_edges is
    'Pairs of pictures that a search found to be nearer than the threshold in force then; each pair once. The sync daemon searches: of each picture the 256 nearest at most, so that a crowd of alike pictures is joined and not paired each with each.';
comment on table likeness.neighbor_searches is
    'Embeddings whose near-duplicates are still to be searched: new ones, changed ones, those of pictures that are shown again, and those that lost their nearest neighbor. The sync daemon takes them from here in the transaction that writes what it found.';
