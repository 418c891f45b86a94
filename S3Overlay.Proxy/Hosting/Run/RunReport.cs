using System.Globalization;

using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Hosting.Run;

/// <summary>The lines that a run prints after its command has ended.</summary>
internal static class RunReport
{
    /// <summary>Client versions from which <c>AWS_ENDPOINT_URL_S3</c> is honoured, as their release notes say.</summary>
    private const string Clients = "AWS CLI 1.29 and 2.13, boto3 1.28, AWS SDK for Java 2.28.1, for Go v2 of November 2023, "
        + "for JavaScript 3.428, for .NET 4. Older ones, and others such as rclone, need its value as their endpoint";

    private static readonly string[] Units = ["bytes", "KiB", "MiB", "GiB", "TiB"];

    /// <summary>The lines about requests, the cache and changes.</summary>
    /// <param name="meters">What the run's proxy counted.</param>
    /// <param name="hasRemote">Whether there is a remote.</param>
    /// <param name="changes">The changes; null if they could not be counted.</param>
    /// <param name="kept">Where they are kept; null if they are discarded.</param>
    public static IEnumerable<string> Lines(ProxyMeters meters, bool hasRemote, ChangeCount? changes, string? kept)
    {
        if (meters.Requests == 0)
        {
            yield return $"warning: the proxy got no request. {ClientVariables.Endpoint} leads clients to it, from these versions on: "
                + $"{Clients}.";
        }

        var text = Count(meters.Requests, "request");
        if (hasRemote)
        {
            var (reads, hits) = (meters.Upstreams.Sum(static each => each.Reads), meters.Upstreams.Sum(static each => each.CachedReads));
            var ratio = reads == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" ({100 * hits / reads} %)");
            text += $", {Count(reads, "read")} of remote objects, {Number(hits)} from the cache{ratio}, "
                + $"{Size(meters.Upstreams.Sum(static each => each.ReceivedCached))} saved";
        }

        yield return text;
        yield return changes is { } all
            ? $"changes: {Number(all.Written)} written, {Number(all.Deleted)} deleted"
                + (all.Buckets == 0 ? "" : $", {Count(all.Buckets, "bucket")} created or deleted")
                + (kept is not null ? $", kept in {kept}" : all.IsNone ? "" : ", discarded")
            : "changes: could not be counted";
    }

    private static string Count(long number, string what) => $"{Number(number)} {what}{(number == 1 ? "" : "s")}";

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Size(long bytes)
    {
        var (value, unit) = ((double)bytes, 0);
        for (; value >= 1024 && unit < Units.Length - 1; unit++)
        {
            value /= 1024;
        }

        return value.ToString(unit == 0 ? "0" : "0.0", CultureInfo.InvariantCulture) + " " + Units[unit];
    }
}
