-- Where the next page begins, for sources whose pages begin at cursors; next_page then counts the pages that were read.
ALTER TABLE syncs ADD COLUMN next_cursor TEXT;
