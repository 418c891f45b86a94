using System.Text.Json;

namespace S3Overlay.Proxy.Hosting.Commands.Admin;

/// <summary>The result of a call in words, and what to do next.</summary>
internal static class ResultText
{
    public static string Progress(string call, JsonElement line) => call switch
    {
        "evict" => $"  {Entries(line.Number("entries"))}, {AdminText.Size(line.Number("bytes"))} so far",
        "undelete" => $"  {AdminText.Count(line.Number("tombstones"), "delete")} undone so far",
        _ => $"  {AdminText.Count(line.Number("tombstones"), "tombstone")} checked, {line.Number("removed")} removed so far",
    };

    public static IEnumerable<string> Of(AdminArguments arguments, JsonElement line) => arguments.Call switch
    {
        "evict" => OfEvict(line),
        "undelete" => OfUndelete(line),
        _ => OfCompact(arguments, line),
    };

    /// <summary>Why there was nothing to undelete for a key, and what to do instead.</summary>
    /// <param name="explanation">The proxy's <c>explain</c> of the key.</param>
    /// <param name="endpoint">The proxy. The command that deletes names it: without an endpoint it would delete the object at AWS.</param>
    public static IEnumerable<string> OfNothingUndeleted(JsonElement explanation, Uri endpoint)
    {
        var name = $"{explanation.Text("bucket")}/{explanation.Text("key")}";
        if (explanation.Object("written") is null)
        {
            yield return $"Nothing to undelete: {AdminText.Name(name)} was not deleted here.";
            yield return $"Next: to see where it comes from:  s3overlay admin explain {AdminText.Argument(name)}";
            yield break;
        }

        yield return $"Nothing to undelete: {AdminText.Name(name)} was written here, not deleted. Your version stays.";
        yield return "Next: to see the remote's object again, delete your version, then run this command again:  "
            + $"aws --endpoint-url {endpoint.GetLeftPart(UriPartial.Authority)} s3 rm s3://{AdminText.Argument(name)}";
    }

    private static IEnumerable<string> OfEvict(JsonElement line)
    {
        yield return $"Evicted {Entries(line.Number("entries"))} ({AdminText.Size(line.Number("bytes"))}). Your writes are not touched.";
        if (line.Number("failed") is var failed and > 0)
        {
            yield return $"{Entries(failed)} could not be evicted. The proxy's log says why.";
        }
    }

    private static IEnumerable<string> OfUndelete(JsonElement line)
    {
        var (tombstones, buckets) = (line.Number("tombstones"), line.Number("buckets"));
        yield return (tombstones, buckets) switch
        {
            (0, 0) => "Nothing to undelete.",
            (_, 0) => $"Undeleted {AdminText.Count(tombstones, "key")}.",
            (0, _) => $"Undeleted {AdminText.Count(buckets, "bucket")}.",
            _ => $"Undeleted {AdminText.Count(tombstones, "key")} and {AdminText.Count(buckets, "bucket")}.",
        };
        if (tombstones + buckets == 0)
        {
            yield return "Next: to see what was deleted:  s3overlay admin tombstones";
        }

        if (line.Number("kept") is var kept and > 0)
        {
            yield return $"Skipped {AdminText.Count(kept, "key")} that another proxy may be deleting. "
                + "Next: run the command again in a minute.";
        }
    }

    private static IEnumerable<string> OfCompact(AdminArguments arguments, JsonElement line)
    {
        yield return $"Checked {AdminText.Count(line.Number("tombstones"), "tombstone")}, "
            + $"removed {line.Number("removed")} that hid nothing.";
        if (line.Number("kept") is var kept and > 0)
        {
            yield return $"Skipped {AdminText.Count(kept, "key")} deleted again during the call. Next: run the command again.";
        }
        else if (line.Number("removed") < line.Number("tombstones"))
        {
            yield return $"Next: to list the rest:  s3overlay admin tombstones {AdminText.Argument(arguments.Bucket ?? "")}";
        }
    }

    private static string Entries(long count) => AdminText.Count(count, "cache entry", "cache entries");
}
