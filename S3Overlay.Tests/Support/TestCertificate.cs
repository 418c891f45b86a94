using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace S3Overlay.Tests.Support;

/// <summary>A certificate for test servers on loopback, created in each run. Only <see cref="Trusting"/> trusts it.</summary>
internal static class TestCertificate
{
    private const string Password = "of-the-tests";

    /// <summary>The certificate, with its key.</summary>
    public static X509Certificate2 Own { get; } = Make();

    /// <summary>Settings that make a proxy listen with it.</summary>
    /// <param name="file">Where it may be put.</param>
    public static (string Name, string Value)[] Settings(string file)
    {
        File.WriteAllBytes(file, Own.Export(X509ContentType.Pfx, Password));
        return
        [
            ("urls", "https://127.0.0.1:0"),
            ("ASPNETCORE_Kestrel__Certificates__Default__Path", file),
            ("ASPNETCORE_Kestrel__Certificates__Default__Password", Password),
        ];
    }

    /// <summary>Client options that accept only this certificate.</summary>
    public static SslClientAuthenticationOptions Trusting(string host) => new()
    {
        TargetHost = host,
        RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate?.GetCertHashString() == Own.GetCertHashString(),
    };

    private static X509Certificate2 Make()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("localhost");
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(names.Build());
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(2));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx, Password), Password, X509KeyStorageFlags.Exportable);
    }
}
