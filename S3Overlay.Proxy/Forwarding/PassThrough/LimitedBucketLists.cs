using System.Xml;
using System.Xml.Linq;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Buckets;
using S3Overlay.Proxy.Protocol.Listings;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>
/// ListBuckets for a caller who may not see some buckets (rule A2). The store's list is read completely, filtered and paged here: the
/// store's own token could name a hidden bucket.
/// </summary>
internal static class LimitedBucketLists
{
    private const string Token = "continuation-token";
    private const string Size = "max-buckets";

    public static bool Is(S3Request request) => request is { Operation: S3Operation.ListBuckets, MaySee: not null };

    /// <param name="ask">Sends a request to the store.</param>
    public static async Task AnswerAsync(S3Request request, S3Response response, Func<S3Request, S3Response, CancellationToken, Task> ask,
        CancellationToken cancellationToken)
    {
        var limit = BucketPages.LimitOf(request.Query);
        var after = request.Query[Token] is { Length: > 0 } token ? ContinuationTokens.Read(token).Name : "";
        var shown = new SortedDictionary<string, XElement>(StringComparer.Ordinal);
        var whole = request.With("Accept-Encoding", "identity") with { MaySee = null, Query = request.Query.Without(Size).Without(Token) };
        XElement? list = null;
        for (var next = whole; ;)
        {
            var stored = new BufferedResponse();
            await ask(next, stored, cancellationToken);
            if (stored.Status != StatusCodes.Status200OK || stored.IsCut)
            {
                await stored.CopyToAsync(response, cancellationToken);
                return;
            }

            await stored.FinishAsync(cancellationToken);
            var page = LimitedDeletes.ResultIn(stored, "list of buckets");
            foreach (var bucket in page.Children("Buckets").SelectMany(static buckets => buckets.Children("Bucket")))
            {
                if (bucket.ChildText("Name") is { } name && request.MaySee!(name))
                {
                    shown[name] = bucket;
                }
            }

            list ??= page;
            if (page.ChildText("ContinuationToken") is not { Length: > 0 } more || more == next.Query[Token])
            {
                break;
            }

            next = whole with { Query = S3Query.Parse($"{whole.Query.Raw}&{Token}={UriEncoding.EncodeComponent(more)}") };
        }

        var rows = shown.Where(pair => string.CompareOrdinal(pair.Key, after) > 0).Take(limit + 1).ToList();
        await SendAsync(list, rows, limit, response, cancellationToken);
    }

    private static async Task SendAsync(XElement list, List<KeyValuePair<string, XElement>> rows, int limit, S3Response response,
        CancellationToken cancellationToken)
    {
        list.Children("Buckets").FirstOrDefault()?.ReplaceNodes(rows.Take(limit).Select(static row => row.Value));
        list.Children("ContinuationToken").FirstOrDefault()?.Remove();
        if (rows.Count > limit)
        {
            list.Add(new XElement(list.Name.Namespace + "ContinuationToken",
                ContinuationTokens.Write(new ListingPosition(rows[limit - 1].Key, false))));
        }

        var bytes = S3XmlReader.ToBytes(list);
        response.Headers.ContentType = "application/xml";
        response.Headers.ContentLength = bytes.Length;
        await response.WriteAsync(bytes, cancellationToken);
    }
}
