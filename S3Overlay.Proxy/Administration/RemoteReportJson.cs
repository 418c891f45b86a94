using S3Overlay.Proxy.Overlay.Administration;
using S3Overlay.Proxy.Protocol.Json;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Administration;

/// <summary>What an explanation says of the remote.</summary>
internal static class RemoteReportJson
{
    /// <summary>Writes it as the member <c>remote</c>.</summary>
    public static void Write(JsonLines json, RemoteReport? report)
    {
        var writer = json.Writer;
        if (report is null)
        {
            writer.WriteNull("remote");
            return;
        }

        writer.WriteStartObject("remote");
        writer.WriteString("endpoint", report.Bucket.Remote.Endpoint);
        writer.WriteString("bucket", report.Bucket.Name);
        writer.WriteString(report.Key is null ? "prefix" : "key", report.Key ?? report.Bucket.KeyPrefix);
        writer.WriteString("found", NameOf(report.Finding));
        if (report.Info is { } info)
        {
            WriteVersion(json, info);
        }

        if (report.Problem is { } problem)
        {
            writer.WriteString("problem", problem);
        }

        writer.WriteEndObject();
    }

    /// <summary>Writes which version of an object something is.</summary>
    public static void WriteVersion(JsonLines json, ObjectInfo info)
    {
        json.Writer.WriteNumber("size", info.Size);
        json.Writer.WriteString("etag", info.ETag);
        json.Date("lastModified", info.LastModified);
    }

    private static string NameOf(RemoteFinding finding) => finding switch
    {
        RemoteFinding.NotAsked => "not-asked",
        RemoteFinding.Found => "yes",
        RemoteFinding.Absent => "no",
        RemoteFinding.Refused => "refused",
        RemoteFinding.Failed => "failed",
        _ => throw new ArgumentOutOfRangeException(nameof(finding)),
    };
}
