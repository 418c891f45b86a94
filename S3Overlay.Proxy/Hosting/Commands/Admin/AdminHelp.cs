namespace S3Overlay.Proxy.Hosting.Commands.Admin;

/// <summary>What <c>admin --help</c> says.</summary>
internal static class AdminHelp
{
    /// <summary>The page.</summary>
    public const string Text = """
        s3overlay admin CALL [BUCKET[/KEY]] [options]    asks a running proxy what it holds and hides, and takes that back

          explain BUCKET/KEY             what clients see of a key, and why: written, deleted, held, or the remote's
          explain BUCKET                 the same of a bucket
          tombstones [BUCKET]            what was deleted here; without a bucket, which buckets have deletes
          drop BUCKET/KEY                forget held bytes; the next read asks the remote. Nothing written is touched
          drop BUCKET [--prefix P]       the same for a bucket, or some of its keys
          drop --all                     the same for everything
          discard BUCKET/KEY             take a delete back: the remote's object shows again
          discard BUCKET --prefix P      the same for some keys
          discard BUCKET                 the same for all keys, and for the deletion of the bucket itself
          discard --all                  the same for every bucket
          compact BUCKET [--prefix P]    remove deletes that hide nothing any more, since the remote lacks the keys

          --endpoint URL    where the proxy is. Otherwise where the settings have it listen (--urls, ASPNETCORE_URLS): http://127.0.0.1:8000
          --no-remote       of explain: do not ask the remote
          --limit N         of tombstones: no more than so many
          --json            the answer as it came

        It signs with the first key of the settings that may administer: S3_OVERLAY_ACCESS_KEY and S3_OVERLAY_SECRET_KEY, a key of S3_OVERLAY_KEYS_FILE
        with "admin": true, or the local layer's. Exit codes: 0 done; 1 refused, not reachable, or the key
        has no delete to take back; 2 not understood. The calls themselves: docs/administration.md.
        """;
}
