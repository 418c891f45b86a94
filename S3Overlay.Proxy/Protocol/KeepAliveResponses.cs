using System.Text;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Protocol;

/// <summary>
/// Slow copies and completes (rule W4): after ten seconds the response starts as 200 with the XML declaration, white space keeps the
/// connection alive, and the result or an <c>Error</c> document ends it. SDKs look for an error in such a 200.
/// </summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html</remarks>
/// <param name="time">The clock.</param>
/// <param name="toS3">Logs a failure after the start of a response, and returns its S3 error.</param>
public sealed class KeepAliveResponses(TimeProvider time, Func<S3Request, Exception, S3Exception> toS3)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);
    private static readonly byte[] Declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"u8.ToArray();
    private static readonly byte[] Space = " "u8.ToArray();

    /// <summary>Sends the result of <paramref name="work"/>, fast or slow.</summary>
    /// <returns>False if the response started as 200 and ended with an error.</returns>
    public async Task<bool> RespondAsync(
        S3Request request, S3Response response, Func<BufferedResponse, CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        var result = new BufferedResponse();
        var running = work(result, cancellationToken);
        if (await EndsInTimeAsync(running, cancellationToken))
        {
            await running;
            await result.CopyToAsync(response, cancellationToken);
            return true;
        }

        try
        {
            response.Status = StatusCodes.Status200OK;
            response.Headers.ContentType = "application/xml";
            await response.WriteAsync(Declaration, cancellationToken);
            while (!await EndsInTimeAsync(running, cancellationToken))
            {
                await response.WriteAsync(Space, cancellationToken);
            }
        }
        finally
        {
            // Even if the client is gone: the work must not write into a finished response.
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return await EndAsync(request, response, result, running, cancellationToken);
    }

    private async Task<bool> EndAsync(S3Request request, S3Response response, BufferedResponse result, Task running,
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (running.Exception?.InnerException is { } failure)
        {
            var error = toS3(request, failure);
            var xml = new S3XmlWriter().Open("Error")
                .Element("Code", error.Error.Code).Element("Message", error.Message)
                .Element("RequestId", request.RequestId).Element("HostId", request.RequestId).Close("Error");
            await response.WriteAsync(WithoutDeclaration(xml.Content), cancellationToken);
            return false;
        }

        await result.FinishAsync(cancellationToken);
        if (result.IsCut || running.IsCanceled)
        {
            response.Abort();
            return true;
        }

        await response.WriteAsync(WithoutDeclaration(result.Content), cancellationToken);
        return result.Status < StatusCodes.Status400BadRequest;
    }

    private Task<bool> EndsInTimeAsync(Task running, CancellationToken cancellationToken) =>
        Waits.EndsWithinAsync(running, Timeout, time, cancellationToken);

    /// <summary>The document without its declaration, which was already sent.</summary>
    private static ReadOnlyMemory<byte> WithoutDeclaration(ReadOnlyMemory<byte> document)
    {
        if (!document.Span.StartsWith("<?xml"u8))
        {
            return document;
        }

        var end = document.Span.IndexOf("?>"u8);
        return end < 0 ? document : document[(end + 2)..];
    }
}
