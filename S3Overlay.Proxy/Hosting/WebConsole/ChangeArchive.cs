using System.Net;
using System.Runtime.CompilerServices;

using S3Overlay.Proxy.Administration.Commands;
using S3Overlay.Proxy.Administration.Commands.Archives;
using S3Overlay.Proxy.Administration.Methods;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.WebConsole.Gateway;

namespace S3Overlay.Proxy.Hosting.WebConsole;

/// <summary>
/// The archive of <c>revert --save</c>, written by the same code for the console: its requests take the console's way instead of a
/// connection.
/// </summary>
/// <param name="send">Sends a request of the signed-in key.</param>
internal sealed class ChangeArchive(Func<ProxyRequest, CancellationToken, Task<ProxyResponse>> send)
{
    /// <summary>Writes it.</summary>
    /// <returns>How many changes were left out because only their clients have the key to read them.</returns>
    /// <exception cref="RefusedException">A request was refused.</exception>
    public async Task<long> WriteAsync(ChangeScope scope, Stream archive, Action<SavedKey> saved, CancellationToken cancellationToken)
    {
        var writer = new ArchiveWriter(SendAsync);
        var changes = ArchiveContent.ChooseAsync(
            ListAsync(scope, cancellationToken), isOfAllBuckets: scope.Bucket is null, scope.Added, cancellationToken);
        try
        {
            await writer.WriteAsync(
                archive, changes, change => saved(new(change.Bucket, change.Key, change.Stamp, change.Size)), cancellationToken);
            return writer.Unreadable;
        }
        catch (ProxyRefusal refusal)
        {
            throw new RefusedException(refusal.Status, refusal.Message);
        }
    }

    private async IAsyncEnumerable<ChangeLine> ListAsync(
        ChangeScope scope, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var query = new Parameters().With("bucket", scope.Bucket).With("key", scope.Key).With("prefix", scope.Prefix);
        await using var response = await send(new("GET", "/-/v1/changes", $"{query}"), cancellationToken);
        using var reader = new StreamReader(response.Body);
        while (await reader.ReadLineAsync(cancellationToken) is { } text)
        {
            var line = ProxyLine.Parse(response.Status, text);
            if (line.IsDone is not null)
            {
                yield break;
            }

            yield return line.As<ChangeLine>();
        }

        throw new IOException("The list of changes ended early.");
    }

    private async Task<HttpResponseMessage> SendAsync(
        string verb, string bucket, string key, string query, IReadOnlyCollection<KeyValuePair<string, string>> headers,
        CancellationToken cancellationToken)
    {
        var answer = await send(new(verb, $"/{bucket}/{UriEncoding.EncodeKey(key)}", query) { Headers = [.. headers] }, cancellationToken);
        var response = new HttpResponseMessage((HttpStatusCode)answer.Status) { Content = new StreamContent(new Body(answer)) };
        foreach (var (name, values) in answer.Headers)
        {
            if (!response.Headers.TryAddWithoutValidation(name, values.AsEnumerable()))
            {
                response.Content.Headers.TryAddWithoutValidation(name, values.AsEnumerable());
            }
        }

        return response;
    }

    /// <summary>The body of a response, which ends the request when it is disposed.</summary>
    private sealed class Body(ProxyResponse response) : ForwardStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            response.Body.ReadAsync(buffer, cancellationToken);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                // Completes at once: a pipe waits for nothing.
                _ = response.DisposeAsync().AsTask();
            }

            base.Dispose(disposing);
        }
    }
}
