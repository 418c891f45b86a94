using System.Net;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <summary>
/// A store of many regions (AWS) refuses a request for a bucket of another one than it was sent to and signed for. Which one that is, is
/// between the proxy and the store: the client has no keys there, and is never sent to where the store would redirect it.
/// </summary>
/// <param name="service">The store.</param>
/// <param name="regions">What is known of its regions.</param>
internal sealed class RegionLessons(ForwardingService service, EndpointRegions regions)
{
    /// <summary>One for a region that was not known, one for a bucket that moves meanwhile.</summary>
    private const int Most = 2;

    /// <summary>
    /// Whether the answer taught another region, to which the request is to be sent once more; the answer is done with then.
    /// </summary>
    /// <param name="request">What was sent.</param>
    /// <param name="response">The answer; disposed of unless it is the client's.</param>
    /// <param name="region">The region that the request was sent to and signed for.</param>
    /// <param name="attempt">How many lessons there were before.</param>
    /// <param name="patience">How long the store may take.</param>
    /// <param name="cancellationToken">The client has gone.</param>
    /// <exception cref="S3Exception">ServiceUnavailable where the store redirects, and names no region that helps.</exception>
    public ValueTask<bool> IsTaughtAsync(
        S3Request request, HttpResponseMessage response, string region, int attempt, SilenceTimeout patience,
        CancellationToken cancellationToken)
    {
        if (response.IsSuccessStatusCode && request.Operation is S3Operation.CreateBucket or S3Operation.DeleteBucket)
        {
            regions.Forget(request.Bucket);
        }

        return RegionRefusal.IsPossible((int)response.StatusCode) && request.Bucket.Length > 0
            ? LearnAsync(request, response, region, attempt, patience, cancellationToken)
            : new(false);
    }

    private async ValueTask<bool> LearnAsync(
        S3Request request, HttpResponseMessage response, string region, int attempt, SilenceTimeout patience,
        CancellationToken cancellationToken)
    {
        var isKept = false;
        try
        {
            var refusal = await ReadAsync(request, response, patience, cancellationToken);
            if (attempt < Most && request.Operation != S3Operation.CreateBucket
                && (refusal.Region is { Length: > 0 } named ? regions.Learn(request.Bucket, named, region)
                    : await AskAsync(request, response, refusal, region, patience, cancellationToken)))
            {
                return true;
            }

            if ((refusal.IsOne || (refusal.MayBeOne && regions.AreMany)) && response.StatusCode != HttpStatusCode.BadRequest)
            {
                // To follow it with these keys would be to trust whoever answers with them, and with what is written.
                throw S3Exception.ForNow(
                    S3Errors.ServiceUnavailable, 5,
                    "The local store sends requests for this bucket to another address. If it goes on, S3_OVERLAY_LOCAL_ENDPOINT should be that address.");
            }

            isKept = true;
            return false;
        }
        finally
        {
            if (!isKept)
            {
                response.Dispose();
            }
        }
    }

    private async ValueTask<RegionRefusal> ReadAsync(S3Request request, HttpResponseMessage response, SilenceTimeout patience,
        CancellationToken cancellationToken)
    {
        var error = request.IsHead || !MayBeDocument(response) ? null : await service.ErrorAsync(response, patience, cancellationToken);
        return RegionRefusal.Of((int)response.StatusCode, HeaderOf(response), request.IsHead ? null : error?.ChildText("Code")
            ?? "", error?.ChildText("Region"));
    }

    /// <summary>Whether an answer may have an error document of S3: a website's page, or a gateway's, is handed on unread.</summary>
    private static bool MayBeDocument(HttpResponseMessage response) =>
        response.Content.Headers.ContentLength is null or <= ForwardingService.LongestError
        && (!response.Content.Headers.NonValidated.TryGetValues("Content-Type", out var type)
            || type.ToString().Contains("xml", StringComparison.OrdinalIgnoreCase));

    /// <summary>
    /// Asks for the region where the refusal does not name it: any answer to a HEAD of the bucket may. Whether it is another than was
    /// thought.
    /// </summary>
    private async ValueTask<bool> AskAsync(
        S3Request request, HttpResponseMessage response, RegionRefusal refusal, string region, SilenceTimeout patience,
        CancellationToken cancellationToken)
    {
        if (request.Operation == S3Operation.HeadBucket || !regions.IsWorthAsking(request.Bucket, (int)response.StatusCode, refusal))
        {
            return false;
        }

        var question = request with
        {
            Operation = S3Operation.HeadBucket, Method = "HEAD", Key = "", Query = S3Query.Empty, Headers = new HeaderDictionary(),
            Body = S3Body.Empty,
        };
        using var told = await service.SendAsync(question, patience, cancellationToken);

        // The question may have learnt on its own way.
        return regions.LearnFromHead(request.Bucket, HeaderOf(told), (int)told.StatusCode, region) || regions.Of(request.Bucket) != region;
    }

    private static string? HeaderOf(HttpResponseMessage response) => response.Headers.NonValidated
        .TryGetValues(RegionRefusal.Header, out var values) ? values.ToString() : null;
}
