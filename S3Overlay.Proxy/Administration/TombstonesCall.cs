using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Overlay.Administration;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Listings;

namespace S3Overlay.Proxy.Administration;

/// <summary><c>GET tombstones</c>: the deleted keys of a bucket, a page at a time; without a bucket, the buckets that have any.</summary>
internal sealed class TombstonesCall(IOverlayAdministration overlay) : IAdministrationCall
{
    private const int DefaultLimit = 1000;
    private const int MaxLimit = 10_000;

    /// <inheritdoc/>
    public string Method => "GET";

    /// <inheritdoc/>
    public IReadOnlyCollection<string> Parameters => ["bucket", "prefix", "limit", "token"];

    /// <inheritdoc/>
    public async Task<(string Result, S3Exception? Failure)> RunAsync(CallParameters parameters, S3Request request, S3Response response,
        CancellationToken cancellationToken)
    {
        var (bucket, prefix, limit, after) = (parameters.Bucket, parameters.Prefix, LimitOf(parameters["limit"]),
            PlaceOf(parameters["token"]));
        if (bucket is null && prefix is not null)
        {
            throw CallParameters.Wrong("bucket", "is missing");
        }

        // Nothing is sent before the first row, or the end: until then, a failure is an ordinary error response.
        var json = new JsonLines();
        json.Writer.WriteStartObject();
        var written = bucket is null
            ? await WriteBucketsAsync(json, limit, after, response, cancellationToken)
            : await WriteKeysAsync(json, bucket, prefix ?? "", limit, after, response, cancellationToken);
        json.Writer.WriteEndObject();
        Begin(response);
        await json.SendLineAsync(response, cancellationToken);
        return ($"{written} listed", null);
    }

    private async Task<int> WriteKeysAsync(
        JsonLines json, string bucket, string prefix, int limit, string after, S3Response response, CancellationToken cancellationToken)
    {
        var report = await overlay.ExplainAsync(bucket, asksRemote: false, cancellationToken);
        json.Writer.WriteString("bucket", bucket);
        json.Writer.WriteString("prefix", prefix);
        json.Writer.WriteBoolean("bucketDeleted", report.State.IsOpaque);
        json.Writer.WriteStartArray("tombstones");
        var (count, last) = (0, "");
        await foreach (var tombstone in overlay.ListTombstonesAsync(bucket, prefix, after, cancellationToken))
        {
            if (count == limit)
            {
                EndPage(json, last);
                return count;
            }

            json.Writer.WriteStartObject();
            json.Writer.WriteString("key", tombstone.Key);
            if (tombstone.Made is { } made)
            {
                json.Date("deleted", made);
            }

            json.Writer.WriteEndObject();
            (count, last) = (count + 1, tombstone.Key);
            Begin(response);
            await json.SendIfLongAsync(response, cancellationToken);
        }

        EndPage(json, null);
        return count;
    }

    private async Task<int> WriteBucketsAsync(JsonLines json, int limit, string after, S3Response response,
        CancellationToken cancellationToken)
    {
        json.Writer.WriteStartArray("buckets");
        var (count, last) = (0, "");
        await foreach (var bucket in overlay.ListMarkedBucketsAsync(cancellationToken))
        {
            if (string.CompareOrdinal(bucket, after) <= 0)
            {
                continue;
            }

            if (count == limit)
            {
                EndPage(json, last);
                return count;
            }

            var report = await overlay.ExplainAsync(bucket, asksRemote: false, cancellationToken);
            json.Writer.WriteStartObject();
            json.Writer.WriteString("bucket", bucket);
            json.Writer.WriteBoolean("bucketDeleted", report.State.IsOpaque);
            json.Writer.WriteEndObject();
            (count, last) = (count + 1, bucket);
            Begin(response);
            await json.SendIfLongAsync(response, cancellationToken);
        }

        EndPage(json, null);
        return count;
    }

    private static void EndPage(JsonLines json, string? last)
    {
        json.Writer.WriteEndArray();
        if (last is not null)
        {
            json.Writer.WriteString("next", ContinuationTokens.Write(new ListingPosition(last, false)));
        }
        else
        {
            json.Writer.WriteNull("next");
        }
    }

    private static void Begin(S3Response response)
    {
        if (!response.HasStarted)
        {
            response.Status = StatusCodes.Status200OK;
            response.Headers.ContentType = "application/json";
        }
    }

    private static int LimitOf(string? text) =>
        text is null ? DefaultLimit
        : WholeNumbers.TryParse(text, out int limit) && limit is >= 1 and <= MaxLimit ? limit
        : throw CallParameters.Wrong("limit", $"is a number from 1 to {MaxLimit}");

    private static string PlaceOf(string? token)
    {
        if (token is null)
        {
            return "";
        }

        try
        {
            return ContinuationTokens.Read(token).Name;
        }
        catch (S3Exception)
        {
            throw CallParameters.Wrong("token", "is none of this server's");
        }
    }
}
