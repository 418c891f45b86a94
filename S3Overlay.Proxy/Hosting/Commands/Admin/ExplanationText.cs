using System.Text.Json;

namespace S3Overlay.Proxy.Hosting.Commands.Admin;

/// <summary>An explanation in words, and what to do about it.</summary>
internal static class ExplanationText
{
    public static IEnumerable<string> Of(JsonElement response) => response.Text("key").Length > 0 ? OfKey(response) : OfBucket(response);

    private static IEnumerable<string> OfKey(JsonElement response)
    {
        var name = $"{response.Text("bucket")}/{response.Text("key")}";
        yield return $"{AdminText.Name(name)}: {Seen(response)}";
        yield return $"  {response.Text("why")}";
        yield return $"  written    {(response.Object("written") is { } written ? Version(written) : "no")}";
        var deleted = response.Object("tombstone")?.Text("deleted");
        yield return $"  tombstone  {(deleted is null ? "no" : deleted.Length == 0 ? "yes" : $"of {deleted}")}";
        yield return $"  cached     {(response.Object("held") is { } entry ? Cached(entry) : "no")}";
        yield return $"  remote     {Remote(response.Object("remote"))}";
        if (Next(response, AdminText.Argument(name)) is { } next)
        {
            yield return $"Next: {next}";
        }
    }

    private static IEnumerable<string> OfBucket(JsonElement response)
    {
        var bucket = response.Text("bucket");
        yield return $"{bucket}: "
            + (IsUnknown(response) ? "it is unknown whether clients see it"
                : response.Is("visible") ? "clients see it" : "clients do not see it");
        yield return $"  {response.Text("why")}";
        yield return $"  local       {(response.Is("local") ? "yes" : "no")}";
        yield return $"  mapped      {(response.Is("mapped") ? "yes" : "no")}";
        yield return $"  deleted     {(response.Is("deleted") ? "yes" : "no")}";
        yield return $"  remote      {Remote(response.Object("remote"))}";
        if (response.TryGetProperty("parts", out var parts) && parts.ValueKind == JsonValueKind.Array)
        {
            foreach (var part in parts.EnumerateArray())
            {
                yield return $"  under {AdminText.Name(part.Text("of"))}  {Remote(part)}";
            }
        }

        if (response.Is("deleted"))
        {
            yield return $"Next: to show the remote again:  s3overlay admin undelete {AdminText.Argument(bucket)}";
        }
    }

    private static string Seen(JsonElement response) => response.Text("layer") switch
    {
        _ when IsUnknown(response) => "it is unknown whether clients see it",
        _ when !response.Is("visible") => "clients do not see it",
        var layer => $"clients see it, from {(layer == "local" ? "the local layer" : layer == "cache" ? "the cache" : "the remote")}",
    };

    private static bool IsUnknown(JsonElement response) =>
        response.TryGetProperty("visible", out var visible) && visible.ValueKind == JsonValueKind.Null;

    private static string Version(JsonElement of) =>
        $"{AdminText.Size(of.Number("size"))}, ETag {of.Text("etag")}, {of.Text("lastModified")}";

    private static string Cached(JsonElement entry) =>
        $"{(entry.Number("bytes") == entry.Number("size") ? "all" : AdminText.Size(entry.Number("bytes")))} of {Version(entry)}"
        + $", {(entry.Text("form") == "chunks" ? $"in chunks of {AdminText.Size(entry.Number("chunkSize"))}" : "whole")}"
        + $", checked against the remote {AdminText.Age(entry.Number("age"))} ago"
        + (entry.Is("used") ? "" : ", no longer used");

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

    private static string? Next(JsonElement response, string argument)
    {
        var isOld = response.Object("held") is { } entry && entry.TryGetProperty("current", out var current)
            && current.ValueKind == JsonValueKind.False;
        return response.Text("reason") switch
        {
            "written" when response.Object("remote")?.Text("found") == "yes" =>
                $"to show the remote's object, delete this one with any S3 client, then:  s3overlay admin undelete {argument}",
            "deleted" => $"to show the remote's object again:  s3overlay admin undelete {argument}",
            "bucket-deleted" =>
                $"to show the bucket's remote again:  s3overlay admin undelete {AdminText.Argument(response.Text("bucket"))}",
            "held" or "partly-held" when isOld || response.Object("remote")?.Text("found") == "no" =>
                $"to show the remote's current version:  s3overlay admin evict {argument}",
            "absent" => $"to see where the bucket continues:  s3overlay admin explain {AdminText.Argument(response.Text("bucket"))}",
            "unknown" when response.Object("remote")?.Text("found") is "refused" or "failed" =>
                "check the remote's endpoint, credentials and policies (S3_OVERLAY_REMOTE_...)",
            _ => null,
        };
    }
}
