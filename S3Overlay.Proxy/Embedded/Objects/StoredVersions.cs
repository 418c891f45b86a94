using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Embedded.Database;
using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Protocol.Access;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Embedded.Objects;

/// <summary>
/// The versions and delete markers of a bucket in the order of ListObjectVersions, rolled up by the query's delimiter. They are read a page
/// at a time, each as of one moment.
/// </summary>
internal static class StoredVersions
{
    /// <summary>The versions after a position.</summary>
    /// <param name="rows">The store's rows.</param>
    /// <param name="bucket">The bucket.</param>
    /// <param name="query">Which keys.</param>
    /// <param name="behind">The version of the key <see cref="ListingQuery.After"/> that was shown last; null if all of them were.</param>
    /// <param name="cancellationToken">Cancels the listing.</param>
    public static async IAsyncEnumerable<VersionRow> ListAsync(StoreRows rows, string bucket, ListingQuery query, ulong? behind,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var limit = Math.Clamp(query.PageSize, 1, StoreQueries.PageSize) + 1;
        for (var start = Start.Of(query, behind); ;)
        {
            var page = await Task.Run(() => rows.ReadTogether((bucket, query, start, limit), static (connection, call) =>
                Read(connection, call.bucket, call.query, call.start, call.limit)), cancellationToken);
            foreach (var (row, _) in page)
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return row;
            }

            if (page.Count < limit)
            {
                yield break;
            }

            var (last, sequence) = page[^1];
            start = last.IsPrefix ? new Start(last.Name, IsBehindAll: true, null) : new Start(last.Name, IsBehindAll: false, sequence);
        }
    }

    /// <summary>A version as a row of a listing.</summary>
    public static VersionRow Show(string key, ObjectRow row, bool isLatest) =>
        new(key, row.VersionId ?? VersionIds.Null, row.IsMarker ? null
            : row.Acl is null ? ListedObject.Of(row.Info)
            : ListedObject.Of(row.Info) with { OwnerId = ObjectAccess.FromText(row.Acl).OwnerId })
        {
            IsLatest = isLatest,
            MarkedAt = row.Info.LastModified,
        };

    private static List<(VersionRow Row, ulong Sequence)> Read(
        Connection connection, string bucket, ListingQuery query, Start start, int limit)
    {
        var page = new List<(VersionRow, ulong)>();
        var statement = connection.Prepare(Sql.ListVersions);
        var latestOf = (string?)null;
        if (start.Behind is > 0 and var behind && start.Key.StartsWith(query.Prefix, StringComparison.Ordinal)
            && query.CommonPrefixOf(start.Key) is null)
        {
            page.AddRange(VersionRows.Older(connection, bucket, start.Key, behind, limit)
                .Select(row => (Show(start.Key, row, isLatest: false), row.Sequence)));
        }

        Seek(start.Key, start.IsBehindAll ? Sql.AfterAll : start.Behind is null ? default : Sql.Zero);
        try
        {
            while (page.Count < limit && statement.Step())
            {
                var key = statement.Key(0);
                var common = query.CommonPrefixOf(key);
                if (common is not null)
                {
                    page.Add((new VersionRow(common, null, null), 0));
                    statement.Reset();
                    Seek(common, Sql.AfterAll);
                    continue;
                }

                var row = statement.ReadObject(1);
                page.Add((Show(key, row, isLatest: key != latestOf), row.Sequence));
                latestOf = key;
            }
        }
        finally
        {
            statement.Reset();
        }

        return page;

        void Seek(string key, ReadOnlySpan<byte> beyond) =>
            statement.BindKey(1, bucket).BindKey(2, key, beyond).BindKey(3, query.Prefix, Sql.AfterAll);
    }

    /// <summary>Where a page starts.</summary>
    /// <param name="Key">The first key that counts.</param>
    /// <param name="IsBehindAll">True to skip all keys that start with it.</param>
    /// <param name="Behind">Of the key itself, only versions with a lower number count; null for all.</param>
    private readonly record struct Start(string Key, bool IsBehindAll, ulong? Behind)
    {
        public static Start Of(ListingQuery query, ulong? behind)
        {
            var (name, isPrefix) = query.After;
            return name.Length > 0 && Utf8Order.Compare(name, query.Prefix) >= 0
                ? new Start(name, isPrefix, isPrefix ? null : behind ?? 0)
                : new Start(query.Prefix, isPrefix && query.Prefix.StartsWith(name, StringComparison.Ordinal), null);
        }
    }
}
