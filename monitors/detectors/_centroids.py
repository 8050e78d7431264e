"""Where countries are: one point and a reach each, for detectors that know only a country.

Codes are ISO 3166-1 alpha-2, and XK for Kosovo as address databases write it. A point is the
country's middle in degrees, as the CIA World Factbook (public domain) rounds it, moved inland or
to the main island where it lies badly. The reach is the distance in km from the point to the
farthest place of the main territory, estimated and compared with Natural Earth (public domain);
oceanic possessions without a code of their own, and Alaska and Hawaii, lie outside it.
"""

import polars as pl

# code, latitude, longitude, reach in km
_PLACES = """
AD 42.5 1.5 30, AE 24 54 320, AF 33 66 940, AG 17 -62 90, AI 18 -63 40, AL 41 20 200,
AM 40 45 200, AO -12.5 18.5 1110, AQ -90 0 3300, AR -34 -64 2350, AS -14 -171 100,
AT 47.5 13.5 350, AU -27 133 2300, AW 12.5 -70 20, AX 60 20 80, AZ 40.5 47.5 300,
BA 44 18 220, BB 13 -59.5 40, BD 24 90 430, BE 51 4 210, BF 13 -2 500, BG 43 25 310,
BH 26 50.5 40, BI -3.5 30 150, BJ 9.5 2.25 400, BL 18 -63 30, BM 32 -65 20, BN 4.5 114.7 90,
BO -17 -65 850, BQ 12 -68 40, BR -10 -55 2700, BS 24 -76 500, BT 27.5 90.5 180, BV -54 3 10,
BW -22 24 640, BY 53 28 350, BZ 17 -88.75 180, CA 60 -95 3100, CC -12.5 96.8 30,
CD 0 25 1590, CF 7 21 750, CG -1 15 700, CH 47 8 200, CI 8 -5 500, CK -21 -160 600,
CL -37 -71.5 2200, CM 6 12 850, CN 35 105 2900, CO 4 -72 1000, CR 10 -84 260,
CU 21.5 -80 630, CV 16 -24 190, CW 12 -69 50, CX -10.5 105.7 20, CY 35 33 130,
CZ 49.75 15.5 270, DE 51 9 480, DJ 11.5 43 150, DK 56 10 350, DM 15.4 -61.3 40,
DO 19 -70.7 260, DZ 28 3 1200, EC -2 -77.5 450, EE 59 26 270, EG 27 30 900, EH 24.5 -13 590,
ER 15 39 550, ES 40 -4 800, ET 8 38 1100, FI 64 26 700, FJ -18 178 400, FK -51.75 -59 170,
FM 7 158 2220, FO 62 -7 70, FR 46 2 780, GA -1 11.75 420, GB 54 -2 750, GD 12 -61.7 40,
GE 42 43.5 340, GF 4 -53 270, GG 49.5 -2.5 40, GH 8 -2 430, GI 36 -5.3 10, GL 72 -40 1500,
GM 13.5 -16.5 300, GN 11 -10 560, GP 16.25 -61.6 60, GQ 2 10 250, GR 39 22 600,
GS -54.5 -37 800, GT 15.5 -90.25 290, GU 13.5 144.8 40, GW 12 -15 200, GY 5 -59 450,
HK 22.3 114.2 40, HM -53 72.5 60, HN 15 -86.5 360, HR 45 15.5 350, HT 19 -72.4 230,
HU 47 20 310, ID -5 120 3000, IE 53 -8 280, IL 31.5 34.75 240, IM 54.25 -4.5 40,
IN 20 77 2260, IO -6 71.5 200, IQ 33 44 550, IR 32 53 1200, IS 65 -18 320, IT 42.8 12.8 750,
JE 49.2 -2.1 20, JM 18.25 -77.5 150, JO 31 36 380, JP 36 138 1900, KE 1 38 680, KG 41 75 520,
KH 13 105 340, KI 1.4 173 500, KM -12 44 130, KN 17.3 -62.75 40, KP 40 127 430,
KR 37 127.5 440, KW 29.3 47.6 130, KY 19.5 -80.5 150, KZ 48 68 1580, LA 18 105 640,
LB 34 36 140, LC 14 -61 40, LI 47.2 9.5 20, LK 7.5 80.7 270, LR 6.5 -9.5 350,
LS -29.5 28.5 160, LT 56 24 240, LU 49.75 6 50, LV 57 25 290, LY 25 17 1100, MA 32 -6 850,
MC 43.7 7.4 10, MD 47 29 240, ME 42.5 19.3 120, MF 18.1 -63.1 20, MG -20 47 920,
MH 9 168 500, MK 41.8 22 150, ML 17 -4 980, MM 21 96 1300, MN 46 105 1340, MO 22.2 113.5 20,
MP 15.2 145.75 410, MQ 14.7 -61 40, MR 20 -12 950, MS 16.75 -62.2 20, MT 36 14.4 40,
MU -20.3 57.6 60, MV 3.25 73 450, MW -13.5 34 480, MX 23 -102 1900, MY 2.5 112.5 1450,
MZ -18 35 1030, NA -22 17 990, NC -21.5 165.5 320, NE 16 8 1100, NF -29 168 20, NG 10 8 800,
NI 13 -85 320, NL 52.3 5.5 200, NO 64.5 13 950, NP 28 84 440, NR -0.5 167 20, NU -19 -170 30,
NZ -41 174 850, OM 21 57 650, PA 9 -80 350, PE -10 -76 1200, PF -17.5 -149.5 1600,
PG -6 147 1000, PH 13 122 1000, PK 30 70 1050, PL 52 20 450, PM 46.8 -56.3 40,
PN -25 -130 20, PR 18.2 -66.5 120, PS 31.9 35.2 120, PT 39.5 -8 350, PW 7.5 134.5 100,
PY -23 -58 550, QA 25.5 51.25 110, RE -21 55.5 40, RO 46 25 400, RS 44 21 280,
RU 60 100 4700, RW -2 30 150, SA 25 45 1170, SB -9 160 750, SC -4.6 55.5 60, SD 15 30 1070,
SE 62 15 850, SG 1.3 103.8 30, SH -16 -5.7 20, SI 46 15 140, SJ 78 16 350, SK 48.7 19.5 230,
SL 8.5 -11.5 210, SM 43.9 12.4 20, SN 14 -14 390, SO 5 46 960, SR 4 -56 300, SS 8 30 700,
ST 0.3 6.6 190, SV 13.8 -88.9 150, SX 18 -63 20, SY 35 38 460, SZ -26.5 31.5 110,
TC 21.75 -71.6 90, TD 15 19 1000, TF -49.3 69.5 100, TG 8 1.2 380, TH 15 100 1050,
TJ 38.5 71 400, TK -9 -172 100, TL -8.8 125.7 200, TM 40 60 700, TN 34 9 430,
TO -20 -175 470, TR 39 35 880, TT 10.7 -61.2 110, TV -8 178 300, TW 23.7 121 300,
TZ -6 35 780, UA 49 32 750, UG 1 32 420, UM 19.3 166.6 20, US 38 -97 2600, UY -33 -56 350,
UZ 41 64 800, VA 41.9 12.45 10, VC 13.2 -61.2 60, VE 8 -66 850, VG 18.4 -64.6 60,
VI 18.3 -64.8 70, VN 16 106 840, VU -16 167 550, WF -13.3 -176.2 250, WS -13.6 -172.3 110,
XK 42.6 20.9 100, YE 15.5 47.5 620, YT -12.8 45.2 30, ZA -29 24 1050, ZM -14 28 750,
ZW -19 29.5 470
"""


def centroids() -> pl.LazyFrame:
    """One row per country: `country`, `latitude`, `longitude` in degrees, `reach_km`."""
    rows = [place.split() for place in _PLACES.replace("\n", " ").split(",")]
    return pl.LazyFrame(
        [(code, float(north), float(east), float(reach)) for code, north, east, reach in rows],
        schema={
            "country": pl.String,
            "latitude": pl.Float64,
            "longitude": pl.Float64,
            "reach_km": pl.Float64,
        },
        orient="row",
    )
