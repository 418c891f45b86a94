using System.Globalization;
using System.Net.Sockets;

namespace S3Overlay.Proxy.Forwarding.Endpoints;

/// <summary>Why an endpoint gave no response.</summary>
internal enum UnreachableReason
{
    /// <summary>Its host name leads nowhere.</summary>
    UnknownHost,

    /// <summary>Nothing listens on its port.</summary>
    Refused,

    /// <summary>No way leads to its address.</summary>
    NoRoute,

    /// <summary>Nothing came back from its address in time.</summary>
    NoConnection,

    /// <summary>It was asked, and said nothing in time.</summary>
    NoAnswer,

    /// <summary>TLS failed: a certificate that is not trusted, or no TLS at all.</summary>
    NoTls,

    /// <summary>It answered in something else than HTTP.</summary>
    NoHttp,

    /// <summary>It closed the connection in place of a response.</summary>
    CutOff,
}

/// <summary>Why an endpoint gave no response.</summary>
/// <param name="Text">A sentence that names the endpoint.</param>
internal sealed record Unreachable(UnreachableReason Reason, string Text)
{
    /// <summary>Explains an exception; null if it is no network failure.</summary>
    /// <param name="patience">How long the caller waited.</param>
    public static Unreachable? Of(Exception failure, EndpointSettings settings, TimeSpan patience)
    {
        var name = settings.Name;
        return failure switch
        {
            OperationCanceledException { InnerException: TimeoutException } =>
                new(UnreachableReason.NoConnection, $"{name} took no connection within {Seconds(settings.ConnectTimeout)} seconds."),
            OperationCanceledException => new(UnreachableReason.NoAnswer, $"{name} did not answer within {Seconds(patience)} seconds."),
            HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } =>
                new(UnreachableReason.NoTls, $"{name} cannot be spoken to over TLS: {Innermost(failure).Message.TrimEnd('.')}."),
            HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => UnknownHost(settings),
            HttpRequestException { HttpRequestError: HttpRequestError.InvalidResponse or HttpRequestError.HttpProtocolError } =>
                new(UnreachableReason.NoHttp, $"{name} does not answer in HTTP."),
            HttpRequestException or IOException or SocketException => Innermost(failure) is SocketException socket
                ? OfSocket(socket, settings) : new(UnreachableReason.CutOff, $"{name} closed the connection without an answer."),
            _ => null,
        };
    }

    private static Unreachable OfSocket(SocketException socket, EndpointSettings settings) => socket.SocketErrorCode switch
    {
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => UnknownHost(settings),
        SocketError.ConnectionRefused => new(UnreachableReason.Refused, $"{settings.Name} refuses the connection: nothing listens there."),
        SocketError.HostUnreachable or SocketError.HostDown or SocketError.NetworkUnreachable or SocketError.NetworkDown =>
            new(UnreachableReason.NoRoute, $"No way leads to {settings.Name}: {socket.Message.TrimEnd('.')}."),
        SocketError.TimedOut => new(UnreachableReason.NoConnection, $"{settings.Name} took no connection in time."),
        _ => new(UnreachableReason.CutOff, $"{settings.Name} closed the connection without an answer."),
    };

    private static Unreachable UnknownHost(EndpointSettings settings) =>
        new(UnreachableReason.UnknownHost, $"{settings.Name} cannot be found: there is no host {settings.Address.Host}.");

    private static Exception Innermost(Exception failure)
    {
        while (failure.InnerException is { } inner)
        {
            failure = inner;
        }

        return failure;
    }

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture);
}
