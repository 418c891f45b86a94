using System.Text.Json;

namespace S3Overlay.Proxy.Hosting.Commands.Admin;

/// <summary>What was done, for people, and what to do next.</summary>
internal static class ResultText
{
    /// <summary>How far the work is.</summary>
    public static string Progress(string call, JsonElement line) => call switch
    {
        "drop" => $"  {AdminText.Count(line.Number("entries"), "copy", "copies")}, {AdminText.Size(line.Number("bytes"))} so far",
        "discard" => $"  {AdminText.Count(line.Number("tombstones"), "delete")} taken back so far",
        _ => $"  {AdminText.Count(line.Number("tombstones"), "delete")} looked at, {line.Number("removed")} removed so far",
    };

    /// <summary>What came of it.</summary>
    public static IEnumerable<string> Of(AdminArguments arguments, JsonElement line) => arguments.Call switch
    {
        "drop" => Drop(line),
        "discard" => Discard(line),
        _ => Compact(arguments, line),
    };

    private static IEnumerable<string> Drop(JsonElement line)
    {
        yield return $"Dropped {AdminText.Count(line.Number("entries"), "copy", "copies")} with {AdminText.Size(line.Number("bytes"))}. Nothing that was written here is touched.";
        if (line.Number("failed") is var failed and > 0)
        {
            yield return $"{AdminText.Count(failed, "copy", "copies")} could not be dropped; the proxy's log says why.";
        }
    }

    private static IEnumerable<string> Discard(JsonElement line)
    {
        var (tombstones, buckets) = (line.Number("tombstones"), line.Number("buckets"));
        yield return $"Took back {AdminText.Count(tombstones, "delete")} of keys and {AdminText.Count(buckets, "deletion")} of whole buckets.";
        if (tombstones + buckets == 0)
        {
            yield return "Next: to see what was deleted:  s3overlay admin tombstones";
        }

        if (line.Number("kept") is var kept and > 0)
        {
            yield return $"{AdminText.Count(kept, "key")} may be being deleted by another proxy at this moment, and {(kept == 1 ? "was" : "were")} left. Next: the same once more, in a minute.";
        }
    }

    private static IEnumerable<string> Compact(AdminArguments arguments, JsonElement line)
    {
        yield return $"Looked at {AdminText.Count(line.Number("tombstones"), "delete")}: {line.Number("removed")} hid nothing, and are gone.";
        if (line.Number("kept") is var kept and > 0)
        {
            yield return $"{AdminText.Count(kept, "key")} {(kept == 1 ? "was" : "were")} deleted again meanwhile, and left. Next: the same once more.";
        }
        else if (line.Number("removed") < line.Number("tombstones"))
        {
            yield return $"Next: to see those that are left:  s3overlay admin tombstones {AdminText.Argument(arguments.Bucket ?? "")}";
        }
    }
}
