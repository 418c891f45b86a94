using System.Text.Json;

namespace S3Overlay.Proxy.Hosting.Commands.Admin;

/// <summary>An explanation in words, and what to do about it.</summary>
internal static class ExplanationText
{
    public static IEnumerable<string> Of(JsonElement answer) => answer.Text("key").Length > 0 ? OfKey(answer) : OfBucket(answer);

    private static IEnumerable<string> OfKey(JsonElement answer)
    {
        var name = $"{answer.Text("bucket")}/{answer.Text("key")}";
        yield return $"{AdminText.Name(name)}: {Seen(answer)}";
        yield return $"  {answer.Text("why")}";
        yield return $"  written    {(answer.Object("written") is { } written ? Version(written) : "no")}";
        var deleted = answer.Object("tombstone")?.Text("deleted");
        yield return $"  tombstone  {(deleted is null ? "no" : deleted.Length == 0 ? "yes" : $"of {deleted}")}";
        yield return $"  cached     {(answer.Object("held") is { } held ? Cached(held) : "no")}";
        yield return $"  remote     {Remote(answer.Object("remote"))}";
        if (Next(answer, AdminText.Argument(name)) is { } next)
        {
            yield return $"Next: {next}";
        }
    }

    private static IEnumerable<string> OfBucket(JsonElement answer)
    {
        var bucket = answer.Text("bucket");
        yield return $"{bucket}: "
            + (IsUnknown(answer) ? "it is unknown whether clients see it" : answer.Is("visible") ? "clients see it" : "clients do not see it");
        yield return $"  {answer.Text("why")}";
        yield return $"  local       {(answer.Is("local") ? "yes" : "no")}";
        yield return $"  mapped      {(answer.Is("mapped") ? "yes" : "no")}";
        yield return $"  deleted     {(answer.Is("deleted") ? "yes" : "no")}";
        yield return $"  remote      {Remote(answer.Object("remote"))}";
        if (answer.TryGetProperty("parts", out var parts) && parts.ValueKind == JsonValueKind.Array)
        {
            foreach (var part in parts.EnumerateArray())
            {
                yield return $"  under {AdminText.Name(part.Text("of"))}  {Remote(part)}";
            }
        }

        if (answer.Is("deleted"))
        {
            yield return $"Next: to show the remote again:  s3overlay admin undelete {AdminText.Argument(bucket)}";
        }
    }

    private static string Seen(JsonElement answer) => answer.Text("layer") switch
    {
        _ when IsUnknown(answer) => "it is unknown whether clients see it",
        _ when !answer.Is("visible") => "clients do not see it",
        var layer => $"clients see it, from {(layer == "local" ? "the local layer" : layer == "cache" ? "the cache" : "the remote")}",
    };

    private static bool IsUnknown(JsonElement answer) =>
        answer.TryGetProperty("visible", out var visible) && visible.ValueKind == JsonValueKind.Null;

    private static string Version(JsonElement of) =>
        $"{AdminText.Size(of.Number("size"))}, ETag {of.Text("etag")}, {of.Text("lastModified")}";

    private static string Cached(JsonElement held) =>
        $"{(held.Number("bytes") == held.Number("size") ? "all" : AdminText.Size(held.Number("bytes")))} of {Version(held)}"
        + $", {(held.Text("form") == "chunks" ? $"in chunks of {AdminText.Size(held.Number("chunkSize"))}" : "whole")}"
        + $", checked against the remote {AdminText.Age(held.Number("age"))} ago"
        + (held.Is("used") ? "" : ", no longer used");

    private static string Remote(JsonElement? report)
    {
        if (report is not { } remote)
        {
            return "none";
        }

        var name = AdminText.Name($"{remote.Text("bucket")}/{remote.Text("key")}{remote.Text("prefix")}").TrimEnd('/');
        var place = $"{remote.Text("endpoint").TrimEnd('/')}/{name}";
        return remote.Text("found") switch
        {
            "yes" => remote.Text("etag").Length > 0 ? $"{Version(remote)}  ({place})" : $"yes  ({place})",
            "no" => $"not there  ({place})",
            "not-asked" => $"not asked  ({place})",
            var other => $"{other}: {remote.Text("problem")}  ({place})",
        };
    }

    private static string? Next(JsonElement answer, string argument)
    {
        var isOld = answer.Object("held") is { } held && held.TryGetProperty("current", out var current)
            && current.ValueKind == JsonValueKind.False;
        return answer.Text("reason") switch
        {
            "written" when answer.Object("remote")?.Text("found") == "yes" =>
                $"to show the remote's object, delete this one with any S3 client, then:  s3overlay admin undelete {argument}",
            "deleted" => $"to show the remote's object again:  s3overlay admin undelete {argument}",
            "bucket-deleted" => $"to show the bucket's remote again:  s3overlay admin undelete {AdminText.Argument(answer.Text("bucket"))}",
            "held" or "partly-held" when isOld || answer.Object("remote")?.Text("found") == "no" =>
                $"to show the remote's current version:  s3overlay admin evict {argument}",
            "absent" => $"to see where the bucket continues:  s3overlay admin explain {AdminText.Argument(answer.Text("bucket"))}",
            "unknown" when answer.Object("remote")?.Text("found") is "refused" or "failed" =>
                "check the remote's endpoint, credentials and policies (S3_OVERLAY_REMOTE_...)",
            _ => null,
        };
    }
}
