using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace S3Overlay.Tests.Support;

/// <summary>An upload form as a browser sends it. It has its own signing code, so that the server's is not tested against itself.</summary>
public sealed class UploadForm(string accessKey = "minioadmin", string secretKey = "minioadmin")
{
    private const string Boundary = "----WebKitFormBoundary7MA4YWxkTrZu0gW";

    private readonly List<(string Name, string Value)> _fields = [];
    private readonly List<(string Name, string Value)> _after = [];

    /// <summary>The file's bytes; null for a form without a file.</summary>
    public byte[]? File { get; set; } = "bar"u8.ToArray();

    /// <summary>The file's name; null for a field like any other.</summary>
    public string? FileName { get; set; } = "foo.txt";

    /// <summary>The header that makes a request a form.</summary>
    public static (string Name, string Value) ContentType => ("Content-Type", "multipart/form-data; boundary=" + Boundary);

    /// <summary>Adds a field before the file.</summary>
    public UploadForm With(string name, string value)
    {
        _fields.Add((name, value));
        return this;
    }

    /// <summary>Adds a field behind the file.</summary>
    public UploadForm Then(string name, string value)
    {
        _after.Add((name, value));
        return this;
    }

    public UploadForm Without(string name)
    {
        Assert.NotEqual(0, _fields.RemoveAll(field => field.Name == name));
        return this;
    }

    /// <summary>Adds a policy and its signature of version 2.</summary>
    public UploadForm SignedV2(string policy)
    {
        var text = Convert.ToBase64String(Encoding.UTF8.GetBytes(policy));
        var signature = HMACSHA1.HashData(Encoding.UTF8.GetBytes(secretKey), Encoding.UTF8.GetBytes(text));
        return With("AWSAccessKeyId", accessKey).With("signature", Convert.ToBase64String(signature)).With("policy", text);
    }

    /// <summary>Adds a policy and its signature of version 4; the policy must have conditions for the fields this adds.</summary>
    public UploadForm SignedV4(string policy, DateTimeOffset time)
    {
        var date = time.ToString("yyyyMMdd", CultureInfo.InvariantCulture);
        var text = Convert.ToBase64String(Encoding.UTF8.GetBytes(policy));
        var key = Encoding.UTF8.GetBytes("AWS4" + secretKey);
        foreach (var step in new[] { date, "us-east-1", "s3", "aws4_request", text })
        {
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(step));
        }

        return With("x-amz-algorithm", "AWS4-HMAC-SHA256")
            .With("x-amz-credential", $"{accessKey}/{date}/us-east-1/s3/aws4_request")
            .With("x-amz-date", time.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture))
            .With("policy", text)
            .With("x-amz-signature", Convert.ToHexStringLower(key));
    }

    /// <summary>The form's bytes.</summary>
    public byte[] ToBytes()
    {
        using var bytes = new MemoryStream();
        void Write(string text) => bytes.Write(Encoding.UTF8.GetBytes(text));
        void WriteField(string name, string value) =>
            Write($"--{Boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");

        _fields.ForEach(field => WriteField(field.Name, field.Value));
        if (File is not null)
        {
            Write(
                $"--{Boundary}\r\n"
                + $"Content-Disposition: form-data; name=\"file\"{(FileName is null ? "" : $"; filename=\"{FileName}\"")}\r\n"
                + "Content-Type: application/x-from-the-browser\r\n\r\n");
            bytes.Write(File);
            Write("\r\n");
        }

        _after.ForEach(field => WriteField(field.Name, field.Value));
        Write($"--{Boundary}--\r\n");
        return bytes.ToArray();
    }

    public Task<RawResponse> SendAsync(SignedHttp http, string target, params (string Name, string Value)[] headers) =>
        http.SendUnsignedAsync("POST", target, ToBytes(), [ContentType, .. headers]);
}
