using S3Overlay.Proxy.Embedded.Database;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Rows;

/// <summary>Tags, ACLs and locks that were set after their object's file was written, by the page: there may be millions.</summary>
/// <remarks>
/// A page has versions and current objects as of one moment, in the order of bucket, key and number. A version keeps its number when it
/// becomes the current object or a newer one hides it, so one that moves between two pages is not missed.
/// </remarks>
internal static class ChangedRows
{
    /// <summary>All of them, as changes.</summary>
    public static IEnumerable<Change> ChangedAfterWrite(this StoreRows rows)
    {
        foreach (var row in Walk(rows, Sql.RetaggedObjects, Sql.RetaggedVersions))
        {
            yield return Change.OfTags(row.Bucket, row.Key, row.File, row.Text);
            yield return Change.OfAcl(row.Bucket, row.Key, row.File, row.Acl);
        }

        foreach (var row in Walk(rows, Sql.RelockedObjects, Sql.RelockedVersions))
        {
            yield return Change.OfLock(row.Bucket, row.Key, row.File, ObjectLock.Parse(row.Text));
        }
    }

    private static IEnumerable<Changed> Walk(StoreRows rows, string objects, string versions)
    {
        for (var last = default(Changed) with { Bucket = "", Key = "" }; ;)
        {
            var page = rows.ReadTogether((objects, versions, last), static (connection, call) =>
                Read(connection, call.objects, call.versions, call.last));
            foreach (var row in page.Rows)
            {
                yield return row;
            }

            if (page.End is not { } end)
            {
                yield break;
            }

            last = end;
        }
    }

    /// <returns>The rows after a place, and where the page ends; null if nothing follows.</returns>
    private static (List<Changed> Rows, Changed? End) Read(Connection connection, string objects, string versions, Changed last)
    {
        var current = connection.Prepare(objects).BindKey(1, last.Bucket).BindKey(2, last.Key).Bind(3, StoreQueries.PageSize).All(Read);
        var older = connection.Prepare(versions).BindKey(1, last.Bucket).BindKey(2, last.Key).Bind(3, (long)last.Sequence)
            .Bind(4, StoreQueries.PageSize).All(Read);
        Changed? end = null;
        foreach (var full in (List<Changed>[])[current, older])
        {
            // What follows the last row of a full page is not known yet.
            end = full.Count == StoreQueries.PageSize && !(end?.CompareTo(full[^1]) < 0) ? full[^1] : end;
        }

        return ([.. current.Concat(older).Where(row => row.CompareTo(last) > 0 && !(end?.CompareTo(row) < 0))], end);
    }

    private static Changed Read(Statement row) =>
        new(row.Key(0), row.Key(1), (ulong)row.Number(2), FileId.Read(row.Blob(3)), row.Text(4), row.Text(5));

    /// <param name="Bucket">The bucket.</param>
    /// <param name="Key">The key.</param>
    /// <param name="Sequence">The version's number.</param>
    /// <param name="File">Its file.</param>
    /// <param name="Text">Its tags or lock.</param>
    /// <param name="Acl">Its owner and ACL, if the text is its tags.</param>
    private readonly record struct Changed(string Bucket, string Key, ulong Sequence, FileId File, string? Text, string? Acl)
    {
        public int CompareTo(Changed other) => Utf8Order.Compare(Bucket, other.Bucket) is not 0 and var byBucket ? byBucket
            : Utf8Order.Compare(Key, other.Key) is not 0 and var byKey ? byKey : Sequence.CompareTo(other.Sequence);
    }
}
