using System.Net.Sockets;

using Microsoft.AspNetCore.Connections;

using S3Overlay.Proxy.Embedded.Files;

namespace S3Overlay.Proxy.Hosting;

/// <summary>The proxy cannot start on this machine with these settings. The message is for the user.</summary>
public sealed class StartupException(string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>Explains a failure to listen; null for any other failure.</summary>
    /// <param name="failure">The failure.</param>
    /// <param name="urls">The addresses.</param>
    /// <param name="setting">The setting that has them; null for the S3 port's.</param>
    public static StartupException? FromListening(Exception failure, IEnumerable<string> urls, string? setting = null)
    {
        var where = string.Join(", ", urls);
        var elsewhere = setting is null ? "Choose another address, such as --urls http://127.0.0.1:8010"
            : $"Set {setting} to another address";
        return failure switch
        {
            IOException { InnerException: AddressInUseException } =>
                new($"{where} is in use by another program. {elsewhere}, or end that program.", failure),
            SocketException { SocketErrorCode: SocketError.AccessDenied } =>
                new($"This user may not listen on {where}. {elsewhere}.", failure),
            SocketException { SocketErrorCode: SocketError.AddressNotAvailable } =>
                new($"{where} is not an address of this machine. {elsewhere}.", failure),
            IOException or SocketException => new($"The proxy cannot listen on {where}: {failure.Message} {elsewhere}.", failure),

            // A missing or unreadable certificate, and addresses that the server does not take.
            InvalidOperationException or FormatException or System.Security.Cryptography.CryptographicException =>
                new($"The proxy cannot listen on {where}: {failure.Message}", failure),
            _ => null,
        };
    }

    /// <summary>Explains a failure to open the data or cache folder.</summary>
    /// <param name="failure">The failure.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="setting">The setting that names it.</param>
    /// <param name="what">Its purpose: <c>data</c>, <c>cache</c>.</param>
    public static StartupException FromOpening(Exception failure, string folder, string setting = "S3_OVERLAY_DATA_DIR",
        string what = "data") =>
        failure is StoreUnavailableException whole ? new(whole.Message, failure)
        : failure is IOException disk && StoreDisk.IsFull(disk)
            ? new($"The disk of {folder} is full, and the start needs space there: {failure.Message} "
                + $"Free space on the disk of {setting}, then start again.", failure)
            : new($"The {what} folder {folder} cannot be used: {failure.Message} Set {setting} to a folder of this proxy's own.", failure);
}
