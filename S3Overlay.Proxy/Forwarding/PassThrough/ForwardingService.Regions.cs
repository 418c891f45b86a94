using System.Net;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Forwarding.PassThrough;

/// <content>
/// Handles refusals for the region. AWS refuses a request that was sent to, or signed for, another region than the bucket's. The proxy
/// solves this itself: the client has no keys for the store and must not be redirected there.
/// </content>
internal sealed partial class ForwardingService
{
    /// <summary>One for an unknown region, one for a bucket that moves.</summary>
    private const int MostRegionAttempts = 2;

    /// <summary>
    /// Returns whether the response named another region and the request should be sent again. The response is then disposed.
    /// </summary>
    /// <param name="response">The response. Disposed unless it is for the client.</param>
    /// <param name="region">The region that the request was signed for.</param>
    /// <param name="attempt">How often this has happened for the request.</param>
    /// <exception cref="S3Exception">ServiceUnavailable if the store redirects without naming a region that helps.</exception>
    private ValueTask<bool> IsTaughtRegionAsync(
        S3Request request, HttpResponseMessage response, string region, int attempt, SilenceTimeout patience)
    {
        if (response.IsSuccessStatusCode && request.Operation is S3Operation.CreateBucket or S3Operation.DeleteBucket)
        {
            facts.ForgetRegion(request.Bucket);
        }

        return RegionRefusal.IsPossible((int)response.StatusCode) && request.Bucket.Length > 0
            ? LearnRegionAsync(request, response, region, attempt, patience) : new(false);
    }

    private async ValueTask<bool> LearnRegionAsync(
        S3Request request, HttpResponseMessage response, string region, int attempt, SilenceTimeout patience)
    {
        var isKept = false;
        try
        {
            var refusal = await ReadRefusalAsync(request, response, patience);
            if (attempt < MostRegionAttempts && request.Operation != S3Operation.CreateBucket
                && (refusal.Region is { Length: > 0 } named ? facts.LearnRegion(request.Bucket, named, region)
                    : await FindRegionAsync(request, response, refusal, region, patience)))
            {
                return true;
            }

            if ((refusal.IsOne || (refusal.MayBeOne && facts.HasManyRegions)) && response.StatusCode != HttpStatusCode.BadRequest)
            {
                // Following the redirect would send keys and data to an unverified address.
                throw S3Exception.ForNow(S3Errors.ServiceUnavailable, 5,
                    "The local store redirects requests for this bucket to another address. If this persists, set "
                    + "S3_OVERLAY_LOCAL_ENDPOINT to that address.");
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

    private async ValueTask<RegionRefusal> ReadRefusalAsync(S3Request request, HttpResponseMessage response, SilenceTimeout patience)
    {
        var error = request.IsHead || !MayBeDocument(response) ? null : await ErrorAsync(response, patience);
        return RegionRefusal.Of((int)response.StatusCode, RegionHeaderOf(response), request.IsHead ? null : error?.ChildText("Code")
            ?? "", error?.ChildText("Region"));
    }

    /// <summary>True if the response may have an S3 error document. Pages of websites and gateways are forwarded unread.</summary>
    private static bool MayBeDocument(HttpResponseMessage response) =>
        response.Content.Headers.ContentLength is null or <= LongestError
        && (!response.Content.Headers.NonValidated.TryGetValues("Content-Type", out var type)
            || type.ToString().Contains("xml", StringComparison.OrdinalIgnoreCase));

    /// <summary>
    /// Asks for the region if the refusal does not name it: any response to a HEAD of the bucket may. True if it differs from the one
    /// assumed.
    /// </summary>
    private async ValueTask<bool> FindRegionAsync(
        S3Request request, HttpResponseMessage response, RegionRefusal refusal, string region, SilenceTimeout patience)
    {
        if (request.Operation == S3Operation.HeadBucket || !facts.IsWorthAsking(request.Bucket, (int)response.StatusCode, refusal))
        {
            return false;
        }

        var head = request with
        {
            Operation = S3Operation.HeadBucket, Method = "HEAD", Key = "", Query = S3Query.Empty, Headers = new HeaderDictionary(),
            Body = S3Body.Empty,
        };
        using var found = await SendAsync(head, patience);

        // Sending the request may have taught the region as well.
        return facts.LearnRegionFromHead(request.Bucket, RegionHeaderOf(found), (int)found.StatusCode, region)
            || facts.RegionOf(request.Bucket) != region;
    }

    private static string? RegionHeaderOf(HttpResponseMessage response) => response.Headers.NonValidated
        .TryGetValues(RegionRefusal.Header, out var values) ? values.ToString() : null;
}
