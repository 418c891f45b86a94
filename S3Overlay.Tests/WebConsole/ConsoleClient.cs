using System.Net;
using System.Net.WebSockets;
using System.Text.RegularExpressions;

namespace S3Overlay.Tests.WebConsole;

/// <summary>A browser without scripts: keeps cookies, follows nothing.</summary>
internal sealed partial class ConsoleClient : IDisposable
{
    private readonly HttpClient _http;

    public ConsoleClient(Uri console)
    {
        Console = console;
        _http = new HttpClient(new SocketsHttpHandler { CookieContainer = Cookies, AllowAutoRedirect = false, UseProxy = false })
        {
            BaseAddress = console,
        };
    }

    public Uri Console { get; }

    public CookieContainer Cookies { get; } = new();

    /// <summary>The cookie of the session. Null if there is none.</summary>
    public Cookie? Session => Cookies.GetCookies(Console).FirstOrDefault(static cookie => cookie.Name.Contains("-session"));

    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string target, params (string Name, string Value)[] headers) =>
        SendAsync(method, target, null, headers);

    /// <summary>Sends a request as a browser asks for a page.</summary>
    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string target, HttpContent? body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, new Uri(Console, target)) { Content = body };
        request.Headers.TryAddWithoutValidation("Accept", "text/html");
        foreach (var (name, value) in headers)
        {
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await _http.SendAsync(request);
    }

    public Task<HttpResponseMessage> GetAsync(string target) => SendAsync(HttpMethod.Get, target);

    public async Task<string> PageAsync(string target)
    {
        using var response = await GetAsync(target);
        Assert.Equal((target, HttpStatusCode.OK), (target, response.StatusCode));
        return await response.Content.ReadAsStringAsync();
    }

    /// <summary>Fills the form and sends it.</summary>
    public async Task<HttpResponseMessage> SignInAsync(
        string accessKey = "minioadmin", string secretKey = "minioadmin", string to = "/", params (string Name, string Value)[] headers)
    {
        var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["accessKey"] = accessKey,
            ["secretKey"] = secretKey,
            ["to"] = to,
            ["__RequestVerificationToken"] = TokenOf(await PageAsync("/sign-in")),
        });
        return await SendAsync(HttpMethod.Post, "/sign-in", form, headers);
    }

    /// <summary>Opens the connection of a page, which then does nothing.</summary>
    public async Task<ClientWebSocket> OpenPageAsync(string hub = "/_blazor")
    {
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Origin", Console.GetLeftPart(UriPartial.Authority));
        socket.Options.SetRequestHeader("Cookie", Cookies.GetCookieHeader(Console));
        try
        {
            await socket.ConnectAsync(new UriBuilder(Console) { Scheme = "ws", Path = hub }.Uri, CancellationToken.None);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The token against forgery in a page's form.</summary>
    public static string TokenOf(string page) => WebUtility.HtmlDecode(Token().Match(page).Groups[1].Value);

    public void Dispose() => _http.Dispose();

    [GeneratedRegex("name=\"__RequestVerificationToken\"[^>]*value=\"([^\"]+)\"")]
    private static partial Regex Token();
}
