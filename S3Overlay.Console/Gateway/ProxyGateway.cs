using System.Runtime.CompilerServices;
using System.Text.Json;

namespace S3Overlay.WebConsole.Gateway;

/// <summary>
/// How a page gets data and does things: requests to the proxy with the rights of the key that the page belongs to. Errors of the proxy are
/// <see cref="ProxyError"/>s with S3's code and message.
/// </summary>
internal sealed class ProxyGateway(IProxy proxy, ICaller signedIn)
{
    private const string Methods = "/-/v1/";

    /// <summary>The S3 port, as clients on the proxy's machine reach it.</summary>
    public Uri Endpoint => proxy.Endpoint;

    /// <summary>Cancelled when the session ends.</summary>
    public Task<CancellationToken> EndedAsync() => signedIn.EndedAsync();

    /// <summary>Calls a method that returns one document.</summary>
    /// <param name="method">Its name: <c>stats</c>.</param>
    /// <param name="query">Its parameters; null for none.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="ProxyError">The proxy refused.</exception>
    public async Task<T> GetAsync<T>(string method, ProxyQuery? query, CancellationToken cancellationToken)
    {
        await using var response = await S3Async(new("GET", Methods + method, $"{query}"), cancellationToken);
        return await NamedAsync(async () => await JsonSerializer.DeserializeAsync<T>(response.Body, ProxyJson.Options, cancellationToken))
            ?? throw new ProxyError(response.Status, "NoDocument", "The proxy sent no document.");
    }

    /// <summary>Calls a method that returns a list, and returns its items as they come. Leave early to end the call.</summary>
    /// <exception cref="ProxyError">The proxy refused, or could not finish the list.</exception>
    public async IAsyncEnumerable<T> ListAsync<T>(
        string method, ProxyQuery? query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var line in LinesAsync(new("GET", Methods + method, $"{query}"), cancellationToken))
        {
            if (IsDone(line) is not null)
            {
                yield break;
            }

            yield return Item<T>(line);
        }

        throw EndedEarly();
    }

    /// <summary>Calls a method that works for long.</summary>
    /// <param name="method">Its name: <c>evict</c>.</param>
    /// <param name="query">Its parameters.</param>
    /// <param name="progress">Gets how far it is, about every two seconds; null for none.</param>
    /// <param name="cancellationToken">Stops the work. What is done stays done.</param>
    /// <returns>The result.</returns>
    /// <exception cref="ProxyError">The proxy refused, or could not finish.</exception>
    public async Task<T> DoAsync<T>(string method, ProxyQuery query, Action<T>? progress, CancellationToken cancellationToken)
    {
        await foreach (var line in LinesAsync(new("POST", Methods + method, $"{query}"), cancellationToken))
        {
            var result = Item<T>(line);
            if (IsDone(line) is not false)
            {
                return result;
            }

            progress?.Invoke(result);
        }

        throw EndedEarly();
    }

    /// <summary>Sends an S3 request, and returns the response if it is no error. The caller disposes it.</summary>
    /// <exception cref="ProxyError">The proxy refused.</exception>
    public async Task<ProxyResponse> S3Async(ProxyRequest request, CancellationToken cancellationToken)
    {
        var response = await SendAsync(request, cancellationToken);
        if (response.IsSuccess)
        {
            return response;
        }

        await using (response)
        {
            throw await NamedAsync(() => ProxyError.ReadAsync(response, cancellationToken));
        }
    }

    /// <summary>Sends any request, and returns the response whatever its status. The caller disposes it.</summary>
    /// <exception cref="ProxyError">The session is over, or the proxy cut the request.</exception>
    public Task<ProxyResponse> SendAsync(ProxyRequest request, CancellationToken cancellationToken) =>
        NamedAsync(async () => await proxy.SendAsync(await signedIn.CallerAsync(), request, cancellationToken));

    /// <summary>Signs a URL that reads an object without a key.</summary>
    /// <exception cref="ProxyError">The session is over.</exception>
    public Task<string> PresignAsync(Uri endpoint, string path, string query, TimeSpan lifetime) =>
        NamedAsync(async () => proxy.Presign(await signedIn.CallerAsync(), endpoint, path, query, lifetime));

    /// <summary>Writes an archive of changes, as <c>revert --save</c> does.</summary>
    /// <param name="scope">Which changes.</param>
    /// <param name="archive">Gets a tar file.</param>
    /// <param name="saved">Gets each change once it is saved.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>How many changes were left out because only their clients have the key to read them.</returns>
    /// <exception cref="ProxyError">The proxy refused. The archive is not complete.</exception>
    public async Task<long> SaveChangesAsync(
        ChangeScope scope, Stream archive, Action<SavedKey> saved, CancellationToken cancellationToken)
    {
        try
        {
            return await NamedAsync(
                async () => await proxy.SaveChangesAsync(await signedIn.CallerAsync(), scope, archive, saved, cancellationToken));
        }
        catch (RefusedException refusal)
        {
            throw new ProxyError(refusal.Status, $"{refusal.Status}", refusal.Message);
        }
    }

    /// <summary>Does a part of a call. Whatever can happen to it on its way becomes an error that pages show.</summary>
    private async Task<T> NamedAsync<T>(Func<Task<T>> act)
    {
        try
        {
            return await act();
        }
        catch (UnknownKeyException)
        {
            await signedIn.EndAsync();
            throw new ProxyError(401, "SessionOver", "You are signed out. Reload the page to sign in again.");
        }
        catch (Exception failure) when (ProxyError.IsOfResponse(failure))
        {
            throw ProxyError.Of(failure);
        }
    }

    private async IAsyncEnumerable<JsonElement> LinesAsync(
        ProxyRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var response = await S3Async(request, cancellationToken);
        using var reader = new StreamReader(response.Body);
        while (await NamedAsync(() => ReadLineAsync(reader, cancellationToken)) is { } line)
        {
            if (line.TryGetProperty("error", out var error))
            {
                throw ProxyError.Of(response.Status, error);
            }

            yield return line;
        }
    }

    private static async Task<JsonElement?> ReadLineAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        if (await reader.ReadLineAsync(cancellationToken) is not { } text)
        {
            return null;
        }

        using var document = JsonDocument.Parse(text);
        return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone()
            : throw new JsonException("A line is an object.");
    }

    private static T Item<T>(JsonElement line)
    {
        try
        {
            return line.Deserialize<T>(ProxyJson.Options)!;
        }
        catch (JsonException failure)
        {
            throw ProxyError.Of(failure);
        }
    }

    private static bool? IsDone(JsonElement line) =>
        line.TryGetProperty("done", out var done) && done.ValueKind is JsonValueKind.True or JsonValueKind.False ? done.GetBoolean() : null;

    private static ProxyError EndedEarly() => new(500, "EndedEarly", "The response ended early.");
}
