using System.Buffers;
using System.Globalization;

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

using S3Overlay.Proxy.Hosting;

namespace S3Overlay.Benchmarks.Servers;

/// <summary>
/// The least that forwarding costs in .NET: Kestrel, <see cref="HttpClient"/>, and a copy between them on the threads that receive the
/// bytes. It checks and signs nothing and knows nothing of S3, so the difference is what the proxy itself costs.
/// </summary>
public static class PlainForwarder
{
    private const int BufferSize = 64 << 10;

    /// <summary>Forwards until the process ends.</summary>
    /// <param name="upstream">The other server's.</param>
    public static async Task<int> RunAsync(int port, int upstream)
    {
        KestrelSettings.ApplyToProcess();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseUrls(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"));
        builder.Services.Configure<Microsoft.AspNetCore.Server.Kestrel.Core.KestrelServerOptions>(
            static kestrel => kestrel.AddServerHeader = false);
        builder.WebHost.UseSockets(KestrelSettings.Apply);
        await using var app = builder.Build();
        using var client = new HttpClient(
            new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false, ActivityHeadersPropagator = null })
        {
            BaseAddress = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{upstream}")),
        };
        app.Run(context => HandOnAsync(client, context));
        await app.RunAsync();
        return 0;
    }

    private static async Task HandOnAsync(HttpClient client, HttpContext context)
    {
        using var request = new HttpRequestMessage(HttpMethod.Parse(context.Request.Method), context.Request.Path);
        if (context.Request.Headers.Range is [{ } range])
        {
            request.Headers.TryAddWithoutValidation("Range", range);
        }

        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.NonValidated.Concat(answer.Content.Headers.NonValidated))
        {
            if (name is not ("Connection" or "Transfer-Encoding"))
            {
                context.Response.Headers[name] = values.ToString();
            }
        }

        await using var body = await answer.Content.ReadAsStreamAsync(context.RequestAborted);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            for (int read; (read = await body.ReadAsync(buffer, context.RequestAborted)) > 0;)
            {
                await context.Response.Body.WriteAsync(buffer.AsMemory(0, read), context.RequestAborted);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
