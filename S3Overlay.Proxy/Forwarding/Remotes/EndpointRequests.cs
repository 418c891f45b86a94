using System.Net.Sockets;

using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Forwarding.Listings;
using S3Overlay.Proxy.Overlay;
using S3Overlay.Proxy.Overlay.Layers;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Remotes;

/// <summary>
/// Asks an endpoint single questions for diagnosis. Unlike <see cref="S3WireClient.SendAsync"/>, it reports failures instead of retrying or
/// throwing. Only GETs.
/// </summary>
/// <param name="noteBuckets">Called with the buckets that the endpoint showed.</param>
internal sealed class EndpointRequests(EndpointSettings settings, S3WireClient client, TimeProvider time, CredentialSource credentials,
    Action<IReadOnlyList<LayerBucket>>? noteBuckets = null)
{
    /// <summary>The time for each response. An endpoint that takes longer is in trouble.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    public EndpointSettings Settings => settings;

    /// <summary>Lists the buckets. Any response shows whether the credentials are accepted.</summary>
    public async Task<EndpointReply> BucketsAsync(CancellationToken cancellationToken)
    {
        var request = new WireRequest("GET", "");
        var reply = await SendAsync(request, ReadAsync, cancellationToken);

        // Sent once more, since a momentary failure is none.
        return reply is { Unreachable.Reason: UnreachableReason.CutOff } or { Status: >= 500 and not (501 or 508) }
            ? await SendAsync(request, ReadAsync, cancellationToken) : reply;

        async Task<IReadOnlyList<string>?> ReadAsync(WireResponse response, CancellationToken token)
        {
            var buckets = await response.ReadAsync(settings, time, BucketListDocument.TryReadAsync, token);
            noteBuckets?.Invoke(buckets ?? []);
            return buckets?.Select(bucket => bucket.Name).ToList();
        }
    }

    /// <summary>Lists the first key of a bucket under a prefix.</summary>
    public Task<EndpointReply> FirstKeyAsync(string bucket, string prefix, CancellationToken cancellationToken) => SendAsync(
        new WireRequest("GET", bucket, "", ListingQueries.V2(new RemoteListing(bucket, prefix, "", "", null, 1))),
        async (response, token) =>
            (await response.ReadAsync(settings, time, (body, end) => ListingDocument.ReadAsync(body, settings.Name, end), token)).Rows
            .Select(row => row.Name).ToList(),
        cancellationToken);

    /// <summary>Asks for the first byte of an object, and does not read it.</summary>
    public Task<EndpointReply> ReadAsync(string bucket, string key, CancellationToken cancellationToken) =>
        SendAsync(new WireRequest("GET", bucket, key, "", [new("Range", "bytes=0-0")]),
            static (_, _) => Task.FromResult<IReadOnlyList<string>?>([]), cancellationToken);

    private async Task<EndpointReply> SendAsync(
        WireRequest request, Func<WireResponse, CancellationToken, Task<IReadOnlyList<string>?>> read, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        if (await WithoutCredentialsAsync(both.Token, cancellationToken) is { } why)
        {
            return new EndpointReply { Failure = why };
        }

        try
        {
            using var response = await client.SendUnretriedAsync(request, both.Token);
            return await ReplyAsync(response, read, both.Token);
        }
        catch (RemoteException failure)
        {
            // No credentials, or the document ended early.
            return new EndpointReply { Failure = failure };
        }
        catch (Exception failure) when (failure is OperationCanceledException or HttpRequestException or IOException or SocketException
            && !cancellationToken.IsCancellationRequested)
        {
            return new EndpointReply { Unreachable = Unreachable.Of(failure, settings, Timeout) };
        }
    }

    /// <summary>Obtains credentials first, so that a slow credential source is not reported as a slow endpoint. Null on success.</summary>
    private async Task<RemoteException?> WithoutCredentialsAsync(CancellationToken patience, CancellationToken cancellationToken)
    {
        try
        {
            await credentials(patience);
            return null;
        }
        catch (InvalidOperationException failure)
        {
            return new RemoteException(RemoteFailure.BadCredentials, failure.Message, failure);
        }
        catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            return new RemoteException(RemoteFailure.BadCredentials,
                $"The credentials for {settings.Name} did not come within {Timeout.TotalSeconds:0} seconds.", late);
        }
    }

    private async Task<EndpointReply> ReplyAsync(WireResponse response, Func<WireResponse, CancellationToken,
        Task<IReadOnlyList<string>?>> read, CancellationToken cancellationToken)
    {
        var reply = new EndpointReply
        {
            Status = response.Status,
            Ahead = HttpDates.TryParseHeader(response.Header("Date"), out var date) ? date - time.GetUtcNow() : null,
        };
        if (response.Status >= 300)
        {
            return reply with { Failure = await response.FailureAsync(cancellationToken) };
        }

        try
        {
            return await read(response, cancellationToken) is { } names ? reply with { IsUnderstood = true, Names = names } : reply;
        }
        catch (RemoteException nonsense)
        {
            return reply with { Failure = nonsense };
        }
    }
}

/// <summary>The outcome of one question to an endpoint.</summary>
internal sealed record EndpointReply
{
    /// <summary>Why there was no response; null if there was one or nothing could be sent.</summary>
    public Unreachable? Unreachable { get; init; }

    /// <summary>The error of the response, or why nothing could be signed; null if all went well.</summary>
    public RemoteException? Failure { get; init; }

    /// <summary>The status; 0 without a response.</summary>
    public int Status { get; init; }

    /// <summary>How far the endpoint's clock is ahead of this machine's, from the <c>Date</c> header; null without one.</summary>
    public TimeSpan? Ahead { get; init; }

    /// <summary>True if the response is the document that was asked for.</summary>
    public bool IsUnderstood { get; init; }

    /// <summary>The buckets or first keys in the document.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];
}
