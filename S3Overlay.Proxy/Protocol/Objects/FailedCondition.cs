using Microsoft.AspNetCore.Http;

namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>The 412 of a read, or of what a copy is made from: it names the condition that does not hold, in S3's spelling.</summary>
public static class FailedCondition
{
    private const string OfSource = "x-amz-copy-source-";

    /// <summary>Of a read. One that carries both is judged by its If-Match alone.</summary>
    public static S3Exception OfRead(IHeaderDictionary headers) => Of(headers.IfMatch.Count > 0 ? "If-Match" : "If-Unmodified-Since");

    /// <summary>Of a copy's source, whose conditions are judged in the same order.</summary>
    public static S3Exception OfCopySource(IHeaderDictionary headers, string etag, DateTimeOffset lastModified)
    {
        string? ifMatch = headers[OfSource + "if-match"];
        var isFirst = ifMatch is not null
            ? !ETags.ListHas(ifMatch, etag)
            : HttpDates.TryParseHeader(headers[OfSource + "if-unmodified-since"], out var since) && HttpDates.WholeSeconds(lastModified) > since;
        return Of(OfSource + (isFirst ? ifMatch is not null ? "If-Match" : "If-Unmodified-Since" : headers.ContainsKey(OfSource + "if-none-match") ? "If-None-Match" : "If-Modified-Since"));
    }

    private static S3Exception Of(string name) => new(S3Errors.PreconditionFailed) { Details = [new("Condition", name)] };
}
