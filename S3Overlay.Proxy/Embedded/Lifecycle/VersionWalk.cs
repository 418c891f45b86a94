using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Embedded.Database;
using S3Overlay.Proxy.Embedded.Rows;

namespace S3Overlay.Proxy.Embedded.Lifecycle;

/// <summary>All objects, versions and delete markers of a bucket, key by key, the newest of each key first, by the page.</summary>
internal static class VersionWalk
{
    /// <summary>Reads those whose keys start with a prefix. What is written during the walk may be left out.</summary>
    public static async IAsyncEnumerable<Walked> ReadAsync(
        StoreRows rows, string bucket, string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Walked? held = null;
        for (var start = (Key: prefix, Behind: (ulong?)null); ;)
        {
            var from = start;
            var page = await Task.Run(
                () => rows.ReadTogether((bucket, prefix, from.Key, from.Behind), static (connection, call) => Read(connection, call)),
                cancellationToken);
            foreach (var row in page)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (held is { } last)
                {
                    yield return last with { HasOlder = last.Key == row.Key };
                }

                held = row;
            }

            if (page.Count < StoreQueries.PageSize)
            {
                break;
            }

            start = (page[^1].Key, page[^1].Row.Sequence);
        }

        if (held is { } oldest)
        {
            yield return oldest;
        }
    }

    private static List<Walked> Read(Connection connection, (string Bucket, string Prefix, string Key, ulong? Behind) call)
    {
        var page = new List<Walked>();
        if (call.Behind is { } behind)
        {
            page.AddRange(VersionRows.Older(connection, call.Bucket, call.Key, behind, StoreQueries.PageSize)
                .Select(row => new Walked(call.Key, row, HasOlder: false)));
        }

        var statement = connection.Prepare(Sql.ListVersions).BindKey(1, call.Bucket)
            .BindKey(2, call.Key, call.Behind is null ? default : Sql.Zero).BindKey(3, call.Prefix, Sql.AfterAll);
        try
        {
            while (page.Count < StoreQueries.PageSize && statement.Step())
            {
                page.Add(new Walked(statement.Key(0), statement.ReadObject(1), HasOlder: false));
            }
        }
        finally
        {
            statement.Reset();
        }

        return page;
    }
}

/// <summary>One version of a key.</summary>
/// <param name="Key">The key.</param>
/// <param name="Row">The version or delete marker.</param>
/// <param name="HasOlder">True if the key has an older version.</param>
internal readonly record struct Walked(string Key, ObjectRow Row, bool HasOlder);
