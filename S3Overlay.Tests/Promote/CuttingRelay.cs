using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Promote;

/// <summary>The requests that a command sends, to all servers together.</summary>
/// <param name="at">The number of the last one, from 0; negative for no end.</param>
/// <param name="isAfter">Whether that one still takes effect. Its response never arrives.</param>
/// <param name="isDeath">Whether the command is gone then: nothing later arrives.</param>
internal sealed class CommandLife(int at, bool isAfter, bool isDeath)
{
    private readonly CancellationTokenSource _end = new();
    private int _count;

    /// <summary>Cancelled when the command is to stop.</summary>
    public CancellationToken End => _end.Token;

    /// <summary>How many requests were sent.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Sends a request on, unless the command is gone by then.</summary>
    /// <exception cref="IOException">It is cut.</exception>
    public async Task<T> PassAsync<T>(Func<Task<T>> send)
    {
        var number = Interlocked.Increment(ref _count) - 1;
        if (number == at && !isAfter)
        {
            await _end.CancelAsync();
        }

        if (isDeath && _end.IsCancellationRequested)
        {
            throw new IOException("The command is gone.");
        }

        var result = await send();
        if (number == at && isAfter)
        {
            await _end.CancelAsync();
        }

        return isDeath && _end.IsCancellationRequested ? throw new IOException("The command is gone.") : result;
    }
}

/// <summary>A server between a command and another server. It passes requests on as they are, as long as the command lives.</summary>
internal sealed class CuttingRelay : IAsyncDisposable
{
    private static readonly UriCreationOptions AsItIs = new() { DangerousDisablePathAndQueryCanonicalization = true };

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false });
    private readonly Uri _server;
    private readonly CommandLife _life;
    private LoopbackServer _relay = null!;

    private CuttingRelay(Uri server, CommandLife life) => (_server, _life) = (server, life);

    public Uri Endpoint => _relay.Endpoint;

    public static async Task<CuttingRelay> StartAsync(Uri server, CommandLife life)
    {
        var relay = new CuttingRelay(server, life);
        relay._relay = await LoopbackServer.StartAsync(relay.HandleAsync);
        return relay;
    }

    public async ValueTask DisposeAsync()
    {
        await _relay.DisposeAsync();
        _http.Dispose();
    }

    private async Task HandleAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        using var request = new HttpRequestMessage(
            new HttpMethod(context.Request.Method), new Uri(_server.GetLeftPart(UriPartial.Authority) + target, AsItIs));
        request.Content = context.Request.ContentLength is null ? null : new ByteArrayContent(body.ToArray());
        foreach (var (name, value) in context.Request.Headers.Where(static header => header.Key is not "Expect" and not "Connection"))
        {
            if (!request.Headers.TryAddWithoutValidation(name, value.ToString()))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, value.ToString());
            }
        }

        try
        {
            using var response = await _life.PassAsync(() => _http.SendAsync(request));
            var content = await response.Content.ReadAsByteArrayAsync();
            context.Response.StatusCode = (int)response.StatusCode;
            foreach (var (name, values) in response.Headers.Concat(response.Content.Headers)
                .Where(static header => header.Key is not "Transfer-Encoding" and not "Connection"))
            {
                context.Response.Headers[name] = values.ToArray();
            }

            if (context.Request.Method != "HEAD")
            {
                await context.Response.Body.WriteAsync(content);
            }
        }
        catch (Exception failure) when (failure is IOException or HttpRequestException)
        {
            context.Abort();
        }
    }
}
