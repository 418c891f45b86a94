using System.Net;
using System.Text;

namespace S3Overlay.Promote.Wire;

/// <summary>Keys to sign with.</summary>
internal sealed record WireKeys(string AccessKey, string SecretKey, string? Token);

/// <summary>What a signature covers.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Host">The Host header.</param>
/// <param name="Path">The path as sent.</param>
/// <param name="Query">The query as sent, without its question mark.</param>
/// <param name="Headers">The headers so far.</param>
internal sealed record WireTarget(
    string Method, string Host, string Path, string Query, IReadOnlyList<KeyValuePair<string, string>> Headers);

/// <summary>Signs a request whose body is not hashed, and returns the headers to add.</summary>
internal delegate IEnumerable<KeyValuePair<string, string>> Signing(WireKeys keys, string region, WireTarget target);

/// <summary>
/// An S3 endpoint on the wire. Keys, metadata and header bytes are sent as they are. A request that failed for a moment is sent again, with
/// a body that is opened again.
/// </summary>
internal sealed class S3Wire(Uri endpoint, Func<Task<WireKeys>> keys, string region, Signing sign, bool isProxy) : IDisposable
{
    private const int MaxAttempts = 4;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    /// <summary>The longest time without a byte of a body or a response. Stores take minutes to complete large uploads.</summary>
    private static readonly TimeSpan Stall = TimeSpan.FromMinutes(5);

    private readonly WireAddress _address = new(endpoint);
    private volatile string _region = region;

    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        UseProxy = !isProxy,
        ConnectTimeout = TimeSpan.FromSeconds(10),
        Expect100ContinueTimeout = TimeSpan.FromSeconds(1),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(55),
        RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
        ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>The endpoint.</summary>
    public Uri Endpoint => endpoint;

    /// <summary>Sends a request, and again if it failed for a moment.</summary>
    /// <exception cref="WireException">No response arrived.</exception>
    /// <exception cref="SourceException">The body could not be read.</exception>
    public async Task<WireAnswer> SendAsync(WireCall call, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var answer = await SendOnceAsync(call, attempt, cancellationToken);
                if (attempt < MaxAttempts && (Learns(answer) || answer.IsTransient))
                {
                    answer.Dispose();
                    call.Body?.Sent(answer.Hash is null ? 0 : -call.Body.Length);
                }
                else
                {
                    return answer;
                }
            }
            catch (WireException) when (attempt < MaxAttempts)
            {
                // Sent again below.
            }

            await Task.Delay(Pause * (1 << attempt), cancellationToken);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<WireAnswer> SendOnceAsync(WireCall call, int attempt, CancellationToken cancellationToken)
    {
        var at = _address.Of(call.Bucket, call.Key, call.Query, _region);
        using var request = new HttpRequestMessage(new HttpMethod(call.Method), at.Uri);
        using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stall.CancelAfter(Stall);
        var content = call.Body is null ? null : new MeasuredContent(call.Body, () => stall.CancelAfter(Stall));
        request.Content = content;
        request.Headers.ExpectContinue = call.Body is { Length: >= 64 << 10 };
        foreach (var (name, value) in call.Headers.Concat(
            sign(await keys(), _region, new WireTarget(call.Method, at.Host, at.Path, call.Query, call.Headers))))
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                (request.Content ??= new ByteArrayContent([])).Headers.TryAddWithoutValidation(name, value);
            }
        }

        try
        {
            return new WireAnswer(
                await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stall.Token), attempt, content?.Hash);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw content?.Failure is { } source ? new SourceException(source)
                : new WireException($"{at.Host} does not answer: {(failure is OperationCanceledException ? "timed out" : failure.Message)}",
                    failure);
        }
    }

    /// <summary>True if the store says that the bucket is in another region, which is used from now on.</summary>
    private bool Learns(WireAnswer answer)
    {
        if (answer.Status is 301 or 307 or 400 && answer["x-amz-bucket-region"] is { Length: > 0 } other && other != _region)
        {
            _region = other;
            return true;
        }

        return false;
    }
}

/// <summary>An endpoint did not answer.</summary>
internal sealed class WireException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>The body of a request could not be read from its source.</summary>
internal sealed class SourceException(Exception cause) : Exception(cause.Message, cause);
